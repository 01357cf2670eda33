"""Results of learning curves: areas, labels saved, and differences with their significance."""

import numbers
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone

from skally.benchmark.arguments import check_estimator
from skally.benchmark.frames import check_frame, warn_if_alike
from skally.benchmark.labels import as_labels
from skally.benchmark.limits import check_limits, clipped
from skally.benchmark.statistics import (
    area_under_curve,
    compare_data_sets,
    compare_seeds,
    labels_needed,
    mean_ranks,
    share_of,
    t_interval,
)
from skally.benchmark.store import Store
from skally.utils.random import clone_seeded, make_rng
from skally.utils.validation import check_number, num_samples, take_rows

CURVE = ["data_set", "sampler", "seed"]


@dataclass(frozen=True)
class LearningCurves:
    """Scores by number of labels, of several samplers and random states, on one or more data sets.

    Returned by :func:`skally.benchmark.learning_curves`, :meth:`load`, :meth:`from_frame` and
    :meth:`concat`.

    Parameters
    ----------
    frame : data frame
        One row for each round of each curve, with the columns data_set, sampler, seed, round,
        n_labeled, score (more is better), fit_seconds, query_seconds (of the query that chose the
        batch of the round) and indices (int array, the positions in X labelled in this round).
    test_ratio : dict of str to float, optional
        Test samples per sample that may be labelled, by data set; 0 if all random states have the
        same test samples.
    labels : data frame, optional
        Labels that an oracle gave, in the order in which it gave them, with the columns position
        (in X), label, round (the first that needed it; missing if it came from elsewhere), time (in
        UTC; missing if the file is of an earlier version) and labeller (name or None). Those of all
        samplers and random states together, whichever the curves are of. Without rows if y was an
        array.
    score_limits : dict of str to (float or None, float or None), optional
        The least and the largest value that a score can have, by data set; None for no bound.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import MarginSampler
    >>> from skally.benchmark import learning_curves
    >>> X, y = load_iris(return_X_y=True)
    >>> names = np.array(["setosa", "versicolor", "virginica"])
    >>> def ask(positions):  # a person, in earnest
    ...     for i in positions:
    ...         yield str(names[y[i]])
    >>> model = LogisticRegression(max_iter=1000)
    >>> curves = learning_curves(
    ...     model, [MarginSampler()], X, ask,
    ...     n_initial=[0, 50, 100], n_instances=2, n_rounds=3, random_states=[0],
    ... )
    >>> curves.labels[["position", "label", "round"]].head(3)
       position       label  round
    0         0      setosa      0
    1        50  versicolor      0
    2       100   virginica      0
    >>> curves.final_estimator(model, X, random_state=0).predict(X[:1]).tolist()
    ['setosa']
    """

    frame: pd.DataFrame
    test_ratio: dict = field(default_factory=dict)
    labels: pd.DataFrame = field(default_factory=as_labels)
    score_limits: dict = field(default_factory=dict)

    @classmethod
    def from_frame(cls, frame, *, test_ratio=0.0, score_limits=(None, None)):
        """Curves of a loop of your own.

        Parameters
        ----------
        frame : data frame
            A row for each round of each curve. The columns sampler, n_labeled and score (more is
            better) suffice; seed and data_set tell curves apart, fit_seconds and query_seconds add
            to the summary, and other columns are left out.
        test_ratio : float, default=0.0
            Test samples per sample that may be labelled, if each seed has a split of its own.
        score_limits : (float or None, float or None), default=(None, None)
            The least and the largest value that a score can have, for :meth:`bands`.

        Returns
        -------
        curves : LearningCurves

        Raises
        ------
        ValueError
            If a column is missing, a value is not what it must be, or a curve has two scores for
            one number of labels.

        Warns
        -----
        UserWarning
            If all seeds have the same curve.

        Examples
        --------
        >>> import pandas as pd
        >>> from skally.benchmark import LearningCurves
        >>> frame = pd.DataFrame({
        ...     "sampler": ["mine", "mine", "random", "random"],
        ...     "n_labeled": [10, 20, 10, 20],
        ...     "score": [0.5, 0.9, 0.5, 0.7],
        ... })
        >>> LearningCurves.from_frame(frame).summary("random")["area"].tolist()
        [0.7, 0.6]
        """
        check_number("test_ratio", test_ratio, numbers.Real, 0.0)
        frame = check_frame(frame)
        warn_if_alike(frame)
        names = list(dict.fromkeys(frame["data_set"]))
        limits = check_limits("score_limits", score_limits)
        return cls(
            frame, dict.fromkeys(names, test_ratio), score_limits=dict.fromkeys(names, limits)
        )

    @classmethod
    def from_store(cls, store, samplers=None, seeds=None, n_rounds=np.inf):
        """Curves of some samplers and random states, with all rounds that the store has.

        Parameters
        ----------
        store : skally.benchmark.store.Store
        samplers : list of str, default=None
            Names; None means all that the store has.
        seeds : list of int, default=None
            Random states; None means all that the store has.
        n_rounds : int, default=inf
            Last round to read.

        Returns
        -------
        curves : LearningCurves
        """
        frame = store.frame()
        samplers = list(dict.fromkeys(frame["sampler"])) if samplers is None else samplers
        seeds = sorted(set(frame["seed"])) if seeds is None else seeds
        is_asked = frame["sampler"].isin(samplers) & frame["seed"].isin(seeds)
        frame = frame[is_asked & (frame["round"] <= n_rounds)]
        place = {"sampler": samplers.index, "seed": list(seeds).index, "round": int}
        frame = frame.sort_values(
            list(place), key=lambda column: column.map(place[column.name]), ignore_index=True
        )
        frame.insert(0, "data_set", "")
        limits = tuple(store.setting("score_limits") or (None, None))
        ratio = store.setting("test_ratio") or 0.0
        return cls(frame, {"": ratio}, store.answered(), {"": limits})

    @classmethod
    def load(cls, path):
        """Curves in a file of :func:`skally.benchmark.learning_curves`, finished or not.

        Parameters
        ----------
        path : str or path-like

        Raises
        ------
        OSError
            If there is no such file, or a run has it open.
        """
        if not Path(path).exists():
            raise OSError(f"There is no file {str(path)!r}.")
        with Store(path) as store:
            return cls.from_store(store)

    @classmethod
    def concat(cls, curves):
        """Join curves on several data sets.

        Parameters
        ----------
        curves : dict of str to LearningCurves
            Curves by the name of their data set. Their labels get a column data_set.
        """
        for name, each in curves.items():
            if len(each.data_sets) > 1:
                raise ValueError(
                    f"curves[{name!r}] holds {len(each.data_sets)} data sets, not one."
                )
        parts = [each.frame.assign(data_set=name) for name, each in curves.items()]
        ratios = {name: max(each.test_ratio.values(), default=0.0) for name, each in curves.items()}
        limits = {
            name: next(iter(each.score_limits.values()), (None, None))
            for name, each in curves.items()
        }
        labels = [each.labels.assign(data_set=name) for name, each in curves.items()]
        labels = pd.concat([each for each in labels if len(each)] or labels[:1], ignore_index=True)
        return cls(pd.concat(parts, ignore_index=True), ratios, labels, limits)

    def final_estimator(self, estimator, X, *, random_state=None):
        """Estimator fitted on all labels that the oracle gave.

        Parameters
        ----------
        estimator : estimator
            It is cloned.
        X : array-like or data frame
            The samples of the run, since positions count in these.
        random_state : int, default=None
            Sets all random states in the estimator; None leaves them as they are.

        Returns
        -------
        estimator : fitted clone

        Raises
        ------
        ValueError
            If there are no labels, if they are of several data sets, or if X has no row for one.
        """
        check_estimator(estimator)
        if "data_set" in self.labels and self.labels["data_set"].nunique() > 1:
            raise ValueError("The labels are of several data sets, must be of one: see concat.")
        if self.labels.empty:
            raise ValueError("There are no labels: only those are kept that an oracle gave.")
        rows, n = self.labels["position"].to_numpy(), num_samples(X)
        if rows.max() >= n:
            raise ValueError(
                f"X has {n} rows, must have at least {rows.max() + 1}: there is a label of "
                f"position {rows.max()}."
            )
        if random_state is None:
            estimator = clone(estimator)
        else:
            estimator = clone_seeded(estimator, make_rng(random_state))
        return estimator.fit(take_rows(X, rows), np.array(self.labels["label"].tolist()))

    @property
    def samplers(self):
        """Names of the samplers, in their order."""
        return list(dict.fromkeys(self.frame["sampler"]))

    @property
    def data_sets(self):
        """Names of the data sets, in their order; one empty name unless made by :meth:`concat`."""
        return list(dict.fromkeys(self.frame["data_set"]))

    def scores(self, data_set, sampler):
        """Scores of one sampler on one data set, up to the last round that all its seeds have.

        Parameters
        ----------
        data_set : str
            Its name, empty unless the curves are made by :meth:`concat`.
        sampler : str

        Returns
        -------
        n_labeled : array of shape (n_rounds,)
        scores : array of shape (n_seeds, n_rounds)
        """
        rows = self.frame[(self.frame["data_set"] == data_set) & (self.frame["sampler"] == sampler)]
        table = rows.pivot(index="seed", columns="n_labeled", values="score")
        table = table.loc[:, table.notna().all()]
        return table.columns.to_numpy(), table.to_numpy()

    def areas(self):
        """Area under each curve, up to the number of labels that all curves of a data set reach.

        It is divided by the range of labels, so it is the mean height, in units of the score.

        Returns
        -------
        areas : data frame
            A row for each data set and seed, a column for each sampler.
        """
        rows = self._scored()
        last = rows.groupby(CURVE)["n_labeled"].max().groupby("data_set").min()
        rows = rows[rows["n_labeled"] <= rows["data_set"].map(last)]
        areas = {
            curve: area_under_curve(each["n_labeled"], each["score"])
            for curve, each in rows.groupby(CURVE, sort=False)
        }
        areas = pd.Series(areas, dtype=float).rename_axis(CURVE).unstack("sampler")
        order = pd.MultiIndex.from_frame(rows[["data_set", "seed"]].drop_duplicates())
        return areas.loc[order, [name for name in self.samplers if name in areas]]

    def bands(self, level=0.95, *, clip=True):
        """Mean score and its confidence interval over random states.

        Parameters
        ----------
        level : float in (0, 1), default=0.95
        clip : bool or (float or None, float or None), default=True
            Whether to cut intervals off where a score cannot be: above 1 for accuracies, say. True
            takes ``score_limits``, which are known for the scores of scikit-learn; or give the
            least and the largest possible score, None for no bound.

        Returns
        -------
        bands : data frame
            Columns data_set, sampler, n_labeled, mean, low and high. The last two are NaN if there
            is one random state.
        """
        if not 0 < level < 1:
            raise ValueError(f"level == {level!r}, must be between 0 and 1.")
        limits = None if isinstance(clip, bool) else check_limits("clip", clip)
        self._scored()
        parts = []
        for data_set in self.data_sets:
            for sampler in self.samplers:
                n_labeled, scores = self.scores(data_set, sampler)
                if scores.size:
                    mean, half = t_interval(scores, level)
                    columns = {"n_labeled": n_labeled, "mean": mean}
                    ends = np.array([mean - half, mean + half])
                    if clip is not False:
                        known = self.score_limits.get(data_set, (None, None))
                        ends = clipped(ends, scores, known if limits is None else limits)
                    columns |= {"low": ends[0], "high": ends[1]}
                    part = pd.DataFrame(columns)
                    part.insert(0, "data_set", data_set)
                    part.insert(1, "sampler", sampler)
                    parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def summary(self, reference=None, share=0.97):
        """Area, final score and labels saved of each sampler.

        Parameters
        ----------
        reference : str, default=None
            Sampler that the others are compared with; None means the first.
        share : float in (0, 1], default=0.97
            Share of the reference's final score that counts as reached. For negative scores, which
            are errors, the target is the final error divided by the share.

        Returns
        -------
        summary : data frame
            A row for each sampler, by data set if there are several. Columns: area (mean height of
            the curve), area_std, final (score of the last round), final_std, labels_needed (number
            of labels at which the mean curve reaches the target; NaN if it does not), labels_saved
            (labels that the reference needs minus labels_needed), fit_seconds and query_seconds
            (sum over rounds, mean over random states).

        References
        ----------
        Elenter, NaderiAlizadeh, Ribeiro, NeurIPS 2022, section 4: labels to reach 97 %.
        """
        reference = self._check_sampler(reference)
        if not 0 < share <= 1:
            raise ValueError(f"share == {share!r}, must be above 0 and at most 1.")
        areas, lines = self.areas(), {}
        for data_set in self.data_sets:
            target = share_of(self.scores(data_set, reference)[1].mean(axis=0)[-1], share)
            for sampler in self.samplers:
                lines[data_set, sampler] = self._line(data_set, sampler, areas, target)
            needed = lines[data_set, reference]["labels_needed"]
            for sampler in self.samplers:
                line = lines[data_set, sampler]
                line["labels_saved"] = needed - line["labels_needed"]
        table = pd.DataFrame(lines).T.rename_axis(["data_set", "sampler"])
        order = ["area", "area_std", "final", "final_std", "labels_needed", "labels_saved"]
        table = table[[*order, "fit_seconds", "query_seconds"]]
        return table.droplevel("data_set") if len(self.data_sets) == 1 else table

    def _line(self, data_set, sampler, areas, target):
        n_labeled, scores = self.scores(data_set, sampler)
        area = areas.loc[data_set][sampler].dropna().to_numpy()
        rows = self.frame[(self.frame["data_set"] == data_set) & (self.frame["sampler"] == sampler)]
        seconds = rows.groupby("seed")[["fit_seconds", "query_seconds"]].sum(min_count=1).mean()
        return {
            "area": area.mean(),
            "area_std": area.std(ddof=1) if len(area) > 1 else np.nan,
            "final": scores[:, -1].mean(),
            "final_std": scores[:, -1].std(ddof=1) if len(scores) > 1 else np.nan,
            "labels_needed": labels_needed(n_labeled, scores.mean(axis=0), target),
            **seconds,
        }

    def compare(self, reference=None, *, test="t"):
        """Test whether samplers differ on each data set by more than the random states explain.

        Areas are paired by random state, that is, by initial labels, test samples and initial
        weights.

        Parameters
        ----------
        reference : str, default=None
            Sampler that all others are compared with; None compares all pairs.
        test : {"t", "wilcoxon"}, default="t"
            Student's t-test on the differences, with Nadeau and Bengio's correction if each random
            state splits the data anew, or Wilcoxon's signed-rank test, which cannot reach a p-value
            of 0.05 with fewer than 6 random states.

        Returns
        -------
        comparison : data frame
            A row for each data set and pair. Columns: data_set, sampler, reference, difference
            (mean of sampler minus reference), low, high (95 % interval, by Student's t), wins,
            losses, p_value, and p_adjusted by Holm's method for all rows together. Random states
            that one of the two samplers lacks are left out.
        """
        if test not in ("t", "wilcoxon"):
            raise ValueError(f"test == {test!r}, must be 't' or 'wilcoxon'.")
        return compare_seeds(self.areas(), self._pairs(reference), self.test_ratio, test)

    def compare_across(self, reference=None):
        """Test whether samplers differ over data sets, each of which counts once.

        Parameters
        ----------
        reference : str, default=None
            As in :meth:`compare`.

        Returns
        -------
        comparison : data frame
            A row for each pair. Columns: sampler, reference, wins and losses (numbers of data
            sets), p_value by Wilcoxon's signed-rank test on the mean areas, and p_adjusted by
            Holm's method. With n data sets no p-value is below 2^(1 - n).

        References
        ----------
        Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", Journal of Machine
        Learning Research 7, 2006. Benavoli, Corani, Mangili, "Should We Really Use Post-Hoc Tests
        Based on Mean-Ranks?", ibid. 17, 2016.
        """
        return compare_data_sets(self.areas(), self._pairs(reference))

    def ranks(self):
        """Mean rank of each sampler over data sets, by mean area, 1 for the best: a series."""
        means = self.areas().groupby("data_set").mean()
        return pd.Series(mean_ranks(means), index=means.columns, name="rank")

    def _scored(self):
        """Rows of the frame that have a score."""
        rows = self.frame.dropna(subset=["score"])
        if rows.empty:
            raise ValueError("There are no scores: the curves were run without test samples.")
        return rows

    def _pairs(self, reference):
        if reference is None:
            return list(combinations(self.samplers, 2))
        reference = self._check_sampler(reference)
        return [(name, reference) for name in self.samplers if name != reference]

    def _check_sampler(self, name):
        if name is not None and name not in self.samplers:
            raise ValueError(f"reference == {name!r}, must be one of {self.samplers}.")
        return self.samplers[0] if name is None else name
