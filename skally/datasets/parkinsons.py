"""Parkinsons Telemonitoring, the regression task of the paper."""

from functools import partial

from skally.datasets.arguments import check_choice, check_flags, check_target
from skally.datasets.files import DataFile, ZipMember, read_originals
from skally.datasets.tables import column_reader, read_table, table_bunch

PARKINSONS = DataFile(
    folder="parkinsons",
    name="parkinsons_updrs.data",
    sha256="f2c7d5025dec4e92e7feae367a5f7ccf58789a10ac6b54bdf15976c599f9dd39",
    source=ZipMember(
        url="https://archive.ics.uci.edu/static/public/189/parkinsons+telemonitoring.zip",
        member="parkinsons_updrs.data",
    ),
)
PARKINSONS_GROUP = "subject#"
PARKINSONS_PATIENT = ["age", "sex", "test_time"]
PARKINSONS_TARGETS = ["motor_UPDRS", "total_UPDRS"]
PARKINSONS_VOICE = [
    *("Jitter(%)", "Jitter(Abs)", "Jitter:RAP", "Jitter:PPQ5", "Jitter:DDP"),
    *("Shimmer", "Shimmer(dB)", "Shimmer:APQ3", "Shimmer:APQ5", "Shimmer:APQ11", "Shimmer:DDA"),
    *("NHR", "HNR", "RPDE", "DFA", "PPE"),
]
PARKINSONS_COLUMNS = [
    PARKINSONS_GROUP,
    *PARKINSONS_PATIENT,
    *PARKINSONS_TARGETS,
    *PARKINSONS_VOICE,
]
PARKINSONS_DESCR = """\
Parkinsons Telemonitoring
=========================

5875 voice recordings of 42 people with early-stage Parkinson's disease, made at home during a
trial of six months. Each row is one recording.

Targets: motor_UPDRS and total_UPDRS, a clinician's scores of the severity of the symptoms,
interpolated linearly in time between visits.
Voice measures: Jitter(%), Jitter(Abs), Jitter:RAP, Jitter:PPQ5, Jitter:DDP (variation of the
fundamental frequency); Shimmer, Shimmer(dB), Shimmer:APQ3, Shimmer:APQ5, Shimmer:APQ11,
Shimmer:DDA (variation of the amplitude); NHR, HNR (noise against tone); RPDE (nonlinear
dynamical complexity); DFA (fractal scaling exponent); PPE (variation of the fundamental
frequency).
Patient: age in years, sex (0 male, 1 female), test_time in days since recruitment.
Groups: subject#, the number of the person, which is not a feature. A person's rows are nearly
the same from one recording to the next, so only a split by group measures the error on new people.

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 189.
A. Tsanas, M. A. Little, P. E. McSharry, L. O. Ramig, "Accurate telemonitoring of Parkinson's
disease progression by non-invasive speech tests", IEEE Transactions on Biomedical Engineering,
57(4), 2010.
"""


def fetch_parkinsons(
    *,
    target="total_UPDRS",
    features="voice",
    return_X_y=False,
    as_frame=False,
    data_home=None,
):
    """Parkinsons Telemonitoring, a regression task with groups (5875 rows, 42 people).

    The fetcher looks for the file ``parkinsons/parkinsons_updrs.data`` below `data_home`. If it is
    missing, or differs from the original, it is downloaded, checked and kept there.

    Parameters
    ----------
    target : {"total_UPDRS", "motor_UPDRS"} or list of these, default="total_UPDRS"
        What to predict. A list gives a target of shape (5875, len(target)).
    features : {"voice", "all"}, default="voice"
        The 16 voice measures, or age, sex and test_time followed by the voice measures.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects instead of arrays.
    data_home : str or path-like, default=None
        Folder of the data sets. None means the folder in the environment variable SKALLY_DATA, or
        without that variable the operating system's cache folder for skally.

    Returns
    -------
    dataset : :class:`sklearn.utils.Bunch`
        Dictionary-like object with the attributes

        data : array or DataFrame of shape (5875, 16) or (5875, 19)
            One recording per row.
        target : array or Series of shape (5875,), array or DataFrame of shape (5875, n_targets)
            Points on the UPDRS scale.
        groups : int array or Series of shape (5875,)
            Number of the person, for splits by person.
        frame : DataFrame or None
            Data and target together, with `as_frame`.
        feature_names, target_names : lists of str
            Names of the columns.
        DESCR : str
            Where the data come from and what the columns mean.
    (data, target) : tuple
        With `return_X_y`.

    Raises
    ------
    ValueError
        If an argument has a value that is not listed above.
    OSError
        If the file is missing and cannot be downloaded, or the download differs from the original.

    References
    ----------
    A. Tsanas, M. A. Little, P. E. McSharry, L. O. Ramig, "Accurate telemonitoring of Parkinson's
    disease progression by non-invasive speech tests", IEEE Transactions on Biomedical
    Engineering, 57(4), 2010.

    Examples
    --------
    >>> from sklearn.model_selection import GroupShuffleSplit
    >>> from skally.datasets import fetch_parkinsons
    >>> parkinsons = fetch_parkinsons()  # doctest: +SKIP
    >>> parkinsons.data.shape  # doctest: +SKIP
    (5875, 16)
    >>> by_person = GroupShuffleSplit(n_splits=1, test_size=0.25, random_state=0)
    >>> train, test = next(
    ...     by_person.split(parkinsons.data, groups=parkinsons.groups)
    ... )  # doctest: +SKIP
    """
    check_target(target, PARKINSONS_TARGETS)
    check_choice("features", features, ["voice", "all"])
    check_flags(return_X_y=return_X_y, as_frame=as_frame)

    read = partial(read_table, columns=PARKINSONS_COLUMNS, n_header=1)
    take = column_reader(read_originals([PARKINSONS], read, data_home), as_frame)
    bunch = table_bunch(
        take,
        [*(PARKINSONS_PATIENT if features == "all" else []), *PARKINSONS_VOICE],
        target,
        groups=take(PARKINSONS_GROUP).astype(int),
        DESCR=PARKINSONS_DESCR,
    )
    return (bunch.data, bunch.target) if return_X_y else bunch
