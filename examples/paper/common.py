"""What the scripts of the paper's figures share: the command line, resumable runs, output files."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch

from skally.benchmark import LearningCurveDisplay, LearningCurves, learning_curves

DOCS = Path(__file__).parents[2] / "docs" / "paper"
COLUMNS = ["data_set", "sampler", "seed", "n_labeled", "score", "fit_seconds", "query_seconds"]
COLOURS = {
    "random": "0.55", "entropy": "#cc79a7", "CoreSet": "#0072b2", "BADGE": "#009e73",
    "ALLY": "#d55e00", "BAIT": "#56b4e9", "BAIT of 1,000": "#56b4e9", "BAIT of 5,000": "#56b4e9",
    "LCMD": "#e69f00",
}  # fmt: skip


@dataclass(frozen=True)
class Options:
    """Options of the command line.

    ``quick`` makes everything small, to test that a script runs.
    """

    quick: bool
    seeds: int
    out: Path
    n_jobs: int
    device: str

    @property
    def random_states(self):
        """Seeds of the curves."""
        return range(min(self.seeds, 2) if self.quick else self.seeds)


def command_line(description, **extra):
    """Parse the common options, and further options of a script.

    Parameters
    ----------
    description : str
        Its first line is shown in the help.
    **extra : dict
        Arguments of ``add_argument`` for each further option, by its name.

    Returns
    -------
    options : Options
    others : argparse.Namespace
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small enough for a minute")
    parser.add_argument("--seeds", type=int, default=5, help="random states (5)")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of CSV and PNG (docs/paper)")
    parser.add_argument("--n-jobs", type=int, default=1, help="curves at a time (1)")
    parser.add_argument("--device", default="cpu", help="where the nets train (cpu)")
    for name, arguments in extra.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **arguments)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # curves run in parallel, and small nets gain nothing from threads
    return Options(args.quick, args.seeds, args.out, args.n_jobs, args.device), args


def run(options, name, estimator, samplers, X, y, **kwargs):
    """Learning curves, stored in the output folder, so that a killed script can be resumed.

    They include other seeds and samplers from earlier runs with the same settings.

    Parameters
    ----------
    options : Options
    name : str
        Name of the file.
    others : as in ``skally.benchmark.learning_curves``
    """
    store = options.out / "store"
    store.mkdir(exist_ok=True)
    cache = store / f"{name}{'_quick' if options.quick else ''}.sqlite"
    learning_curves(
        estimator,
        samplers,
        X,
        y,
        random_states=options.random_states,
        n_jobs=options.n_jobs,
        cache=cache,
        verbose=1,
        **kwargs,
    )
    return LearningCurves.load(cache)


def save(options, name, curves, draw=None, **display):
    """Write the curves as a table and as a picture, and print their summary.

    Parameters
    ----------
    curves : LearningCurves, or dict of them by name of the data set
    draw : function from curves to a figure, optional
        Used instead of the display of learning curves.
    **display : arguments of ``LearningCurveDisplay.from_curves``
    """
    curves = LearningCurves.concat(curves) if isinstance(curves, dict) else curves
    table = curves.frame[COLUMNS].round({"score": 5, "fit_seconds": 2, "query_seconds": 3})
    table.to_csv(options.out / f"{name}.csv", index=False)
    figure = draw(curves) if draw else drawn(curves, display)
    figure.savefig(options.out / f"{name}.png", dpi=110)
    print(curves.summary().round(4).to_string())
    if len(options.random_states) > 1 and len(curves.samplers) > 1:
        print(curves.compare(curves.samplers[0]).round(4).to_string(index=False))
    hours = curves.frame[["fit_seconds", "query_seconds"]].to_numpy().sum() / 3600
    print(f"{hours:.2f} hours of one core; {options.out / name}.csv and .png")


def drawn(curves, display):
    """Figure of learning curves, in which a strategy has the same colour as in all figures."""
    colours = {name: COLOURS[name] for name in curves.samplers if name in COLOURS}
    return LearningCurveDisplay.from_curves(curves, colors=colours, **display).figure_


def one_panel():
    """A figure with one pair of axes, of the same size as the other figures."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 4), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def points_and_mean(axes, table, color, label):
    """Draw a table with a row for each random state: points by column, and their mean."""
    for _, row in table.iterrows():
        axes.plot(table.columns, row, "o", color=color, alpha=0.4, markersize=4)
    axes.plot(table.columns, table.mean(), "D-", color=color, label=label)
