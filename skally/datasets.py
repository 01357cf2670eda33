"""Real data sets: downloaded once, checked, cached, and returned as scikit-learn's fetchers do."""

import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

__all__ = ["fetch_parkinsons"]


@dataclass(frozen=True)
class ArchiveMember:
    """One file of a zip archive on the web, and where it is kept below the data folder."""

    url: str
    name: str
    sha256: str
    folder: str


PARKINSONS = ArchiveMember(
    url="https://archive.ics.uci.edu/static/public/189/parkinsons+telemonitoring.zip",
    name="parkinsons_updrs.data",
    sha256="f2c7d5025dec4e92e7feae367a5f7ccf58789a10ac6b54bdf15976c599f9dd39",
    folder="parkinsons",
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
trial of six months. A row is one recording.

Targets: motor_UPDRS and total_UPDRS, a clinician's scores of the severity of the symptoms,
interpolated linearly in time between visits.
Voice measures: Jitter(%), Jitter(Abs), Jitter:RAP, Jitter:PPQ5, Jitter:DDP (variation of the
fundamental frequency); Shimmer, Shimmer(dB), Shimmer:APQ3, Shimmer:APQ5, Shimmer:APQ11,
Shimmer:DDA (variation of the amplitude); NHR, HNR (noise against tone); RPDE (nonlinear
dynamical complexity); DFA (fractal scaling exponent); PPE (variation of the fundamental
frequency).
Patient: age in years, sex (0 male, 1 female), test_time in days since recruitment.
Groups: subject#, the number of the person. It is no feature. A person's rows are near
duplicates in time, so only a split by group shows the error on new people.

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

    The file ``parkinsons/parkinsons_updrs.data`` is looked for below `data_home`. Where it is
    missing, or not the original, it is downloaded, checked and kept there.

    Parameters
    ----------
    target : {"total_UPDRS", "motor_UPDRS"} or list of these, default="total_UPDRS"
        What to predict. A list gives a target of shape (5875, len(target)).
    features : {"voice", "all"}, default="voice"
        The 16 voice measures, or these after age, sex and test_time.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects instead of arrays.
    data_home : str or path-like, default=None
        Folder of the data sets. None means the environment variable SKALLY_DATA, and without it
        the operating system's cache folder for skally.

    Returns
    -------
    dataset : :class:`sklearn.utils.Bunch`
        Dictionary-like object with the attributes

        data : array or DataFrame of shape (5875, 16) or (5875, 19)
            A recording in each row.
        target : array or Series of shape (5875,), array or DataFrame of shape (5875, n_targets)
            Points on the UPDRS scale.
        groups : int array or Series of shape (5875,)
            The person, for splits by person.
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
        If an argument has a value that is not offered.
    OSError
        If the file is not there and can't be downloaded, or the download is not the original.

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
    _check_target(target, PARKINSONS_TARGETS)
    _check_choice("features", features, ["voice", "all"])
    _check_choice("return_X_y", return_X_y, [True, False])
    _check_choice("as_frame", as_frame, [True, False])

    take = _column_reader(_local_copy(PARKINSONS, data_home), PARKINSONS_COLUMNS, as_frame)
    target = target if isinstance(target, str) else list(target)
    target_names = [target] if isinstance(target, str) else target
    feature_names = [*(PARKINSONS_PATIENT if features == "all" else []), *PARKINSONS_VOICE]
    X, y = take(feature_names), take(target)
    if return_X_y:
        return X, y
    return Bunch(
        data=X,
        target=y,
        frame=take(feature_names + target_names) if as_frame else None,
        groups=take(PARKINSONS_GROUP).astype(int),
        feature_names=feature_names,
        target_names=target_names,
        DESCR=PARKINSONS_DESCR,
    )


def _check_choice(name, value, allowed):
    if value not in allowed:
        raise ValueError(f"{name} == {value!r}, must be one of {allowed}.")


def _check_target(target, allowed):
    """Refuse all but a name in `allowed` or a list of such names."""
    names = target if isinstance(target, (list, tuple)) else [target]
    if len(names) == 0 or any(name not in allowed for name in names):
        raise ValueError(f"target == {target!r}, must be one of {allowed} or a list of these.")


def _column_reader(path, columns, as_frame):
    """Function from one column name or a list of them to these columns of a CSV file."""
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    if as_frame:
        import pandas as pd

        return pd.DataFrame(table, columns=columns).__getitem__

    by_name = dict(zip(columns, table.T.copy(), strict=True))

    def take(names):
        if isinstance(names, str):
            return by_name[names]
        return np.column_stack([by_name[name] for name in names])

    return take


def _local_copy(remote, data_home):
    """Path of a checked copy of `remote`, downloaded where there is none.

    Parameters
    ----------
    remote : ArchiveMember
    data_home : str, path-like or None
        As in :func:`fetch_parkinsons`.
    """
    import pooch

    if data_home is None:
        # A variable that is set but empty counts as unset.
        data_home = os.environ.get("SKALLY_DATA") or pooch.os_cache("skally")
    path = Path(data_home).expanduser() / remote.folder / remote.name
    try:
        pooch.retrieve(
            remote.url,
            known_hash=f"sha256:{remote.sha256}",
            fname=remote.name,
            path=path.parent,
            downloader=_MemberDownloader(remote.name),
        )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise OSError(
            f"{path} is missing or not the original, and downloading it failed: {error}. "
            f"Put {remote.name} from {remote.url} there, or set the environment variable "
            f"SKALLY_DATA to a folder that holds {remote.folder}/{remote.name}."
        ) from error
    return path


@dataclass(frozen=True)
class _MemberDownloader:
    """A pooch downloader that writes one member of a zip archive.

    So pooch checks and keeps the member, whose bytes are known, and not the archive, which the
    server may pack anew.
    """

    member: str

    def __call__(self, url, output_file, _pooch):
        from pooch import HTTPDownloader

        packed = io.BytesIO()
        HTTPDownloader(timeout=30)(url, packed, _pooch)
        with zipfile.ZipFile(packed) as archive:
            Path(output_file).write_bytes(archive.read(self.member))
