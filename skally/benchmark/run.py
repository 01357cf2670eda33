"""The rounds of all curves: which of them are still to do, and in which order."""

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import is_classifier

from skally.benchmark.oracle import Undone
from skally.benchmark.progress import progress_bar
from skally.benchmark.rounds import Round, is_stopped, run_round


class Run:
    """All rounds that the store does not have yet.

    Every curve reaches a round before any curve goes on to the next one.

    Parameters
    ----------
    task : Task
    samplers : dict of str to sampler
    starts : dict of int to Start
    labels : Labels
    store : Store
    n_rounds : int
    """

    def __init__(self, task, samplers, starts, labels, store, n_rounds):
        self.task, self.samplers, self.starts = task, samplers, starts
        self.labels, self.store, self.n_rounds = labels, store, n_rounds
        self.curves = [(name, seed) for seed in starts for name in samplers]

    def go(self, n_jobs, verbose):
        """Compute all missing rounds, and store each as soon as it is done."""
        total = len(self.curves) * (self.n_rounds + 1)
        with progress_bar(total, verbose) as bar:
            with Parallel(n_jobs=n_jobs, return_as="generator_unordered") as parallel:
                while not self._go_levels(parallel, bar):
                    if verbose:  # old releases of tqdm cannot reset a bar that is not shown
                        bar.reset()

    def _go_levels(self, parallel, bar):
        """All missing rounds; False if labels were taken back, so that some are missing again."""
        self.done = {curve: self._read(curve) for curve in self.curves}
        try:
            for number in range(self.n_rounds + 1):
                bar.set_description(f"round {number} of {self.n_rounds}")
                self._go_level(number, parallel, bar)
        except Undone:
            return False
        return True

    def _read(self, curve):
        """What the store has of a curve, which begins here if it has nothing."""
        start = self.starts[curve[1]]
        batches, seen = self.store.batches(*curve), self.store.observations(*curve)
        if not batches:
            self.store.add_batch(*curve, 0, start.initial, 0.0)
            batches = [start.initial]
        check_batches(self.store.name, curve, batches, start)
        return Done(batches, seen)

    def _go_level(self, number, parallel, bar):
        """One round of all curves that have not done it."""
        curves = [curve for curve in self.curves if self._is_due(curve, number)]
        bar.update(len(self.curves) - len(curves))
        if not curves:
            return
        rounds = [self._round(curve, number) for curve in curves]
        jobs = (delayed(run_round)(self.task, self.starts[each.curve[1]], each) for each in rounds)
        for done, outcome in parallel(jobs):
            self.store.add_round(*done.curve, done.number, len(done.labelled), outcome)
            self.done[done.curve].add(number, outcome)
            bar.update()

    def _is_due(self, curve, number):
        """Whether a round is missing: its result, or the batch that should follow it."""
        n_batches, seen = len(self.done[curve].batches), self.done[curve].seen
        if n_batches != number + 1:
            return False
        return len(seen) <= number or (number < self.n_rounds and not is_stopped(self.task, seen))

    def _round(self, curve, number):
        done = self.done[curve]
        labelled = np.concatenate(done.batches)
        y_labeled = self.labels.of(labelled, number)
        is_class = is_classifier(self.task.estimator) and y_labeled.ndim == 1
        y_test = self.starts[curve[1]].y_test
        return Round(
            sampler=self.samplers[curve[0]],
            curve=curve,
            number=number,
            labelled=labelled,
            y_labeled=y_labeled,
            seen=done.seen[:number],
            is_last=number == self.n_rounds,
            classes=self.labels.classes(y_labeled, y_test) if is_class else np.array([]),
        )


@dataclass
class Done:
    """Rounds of one curve that are in the store.

    Parameters
    ----------
    batches : list of int arrays
        Positions labelled in each round.
    seen : list
        What the stopping criterion measured in each finished round.
    """

    batches: list
    seen: list

    def add(self, number, outcome):
        """Take in a round that is now stored, perhaps again."""
        self.seen[number:] = [outcome.observation]
        if outcome.indices is not None:
            self.batches.append(outcome.indices)


def check_batches(name, curve, batches, start):
    """Raise unless a curve of the file labels only what it may."""
    words = f"{name} holds, for sampler {curve[0]!r} and random state {curve[1]},"
    if not np.array_equal(batches[0], start.initial):
        raise ValueError(f"{words} other initial samples, must be those of these settings.")
    wrong = np.setdiff1d(np.concatenate(batches), start.train)
    if len(wrong):
        raise ValueError(
            f"{words} position {wrong[0]}, must hold only positions that may be labelled: of X and "
            "of no test sample."
        )
