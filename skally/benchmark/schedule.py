"""Which rounds are still to do: all curves reach a round before any goes on to the next."""

import numpy as np
from joblib import Parallel, delayed

from skally.benchmark.rounds import Round, run_round


class Run:
    """Rounds that are still to do, by curves and level by level.

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
        """Do what is to do."""
        from tqdm import tqdm

        for name, seed in self.curves:
            if not self.store.batches(name, seed):
                self.store.add_batch(name, seed, 0, self.starts[seed].initial, 0.0)
        levels = range(self.n_rounds + 1)
        total = len(self.curves) * len(levels)
        with tqdm(total=total, unit="round", disable=not verbose) as bar:
            with Parallel(n_jobs=n_jobs, return_as="generator_unordered") as parallel:
                for number in levels:
                    bar.set_description(f"round {number} of {self.n_rounds}")
                    self._go_level(number, parallel, bar)

    def _go_level(self, number, parallel, bar):
        """One round of all curves that have not done it."""
        curves = [curve for curve in self.curves if self._is_due(curve, number)]
        bar.update(len(self.curves) - len(curves))
        rounds = [self._round(curve, number) for curve in curves]
        jobs = (delayed(numbered)(self.task, self.starts[each.curve[1]], each) for each in rounds)
        for this, outcome in parallel(jobs):
            self.store.add_round(*this.curve, this.number, len(this.labelled), outcome)
            bar.update()

    def _is_due(self, curve, number):
        """Whether a round has a batch, and is not done or has to choose the next one yet."""
        n_batches, seen = len(self.store.batches(*curve)), self.store.observations(*curve)
        if n_batches != number + 1:
            return False
        if len(seen) <= number:
            return True
        return number < self.n_rounds and not self._is_stopped(seen)

    def _is_stopped(self, seen):
        stopping = self.task.stopping
        return stopping is not None and bool(stopping.is_reached(seen))

    def _round(self, curve, number):
        labelled = np.concatenate(self.store.batches(*curve))
        return Round(
            sampler=self.samplers[curve[0]],
            curve=curve,
            number=number,
            labelled=labelled,
            y_labeled=self.labels.of(labelled),
            seen=self.store.observations(*curve)[:number],
            is_last=number == self.n_rounds,
        )


def numbered(task, start, this):
    """A round with its outcome: outcomes come back in any order."""
    return this, run_round(task, start, this)
