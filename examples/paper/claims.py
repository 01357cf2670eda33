"""Claims of the paper, compared with the tables of the figures.

It reads the CSV files that the other scripts wrote. "Not shown" and "not refuted" mean that the
difference may be due to chance.
"""

import numpy as np
import pandas as pd
from common import command_line

from skally.benchmark import LearningCurves

# Random splits of the same data, a quarter of them for testing.
TEST_RATIO = {"split at random": 1 / 3, "split by subject": 1 / 3}


def curves_in(path):
    """Learning curves of a figure, None if the figure has not been made."""
    if not path.exists():
        return None
    frame = pd.read_csv(path, dtype={"data_set": str}).fillna({"data_set": ""})
    return LearningCurves(frame, TEST_RATIO)


def verdict(difference, p_adjusted):
    """Verdict on the claim that a difference is above zero."""
    if p_adjusted < 0.05:
        return "agrees" if difference > 0 else "disagrees"
    return "not shown" if difference > 0 else "not shown, the sign is against it"


def verdict_on_as_good(difference, p_adjusted):
    """Verdict on the claim that a difference is not below zero."""
    if difference >= 0:
        return "agrees"
    return "disagrees" if p_adjusted < 0.05 else "not refuted, the sign is against it"


def as_good_as_all(curves, where):
    """Claim: ALLY is similar to or better than each other strategy; one line for each."""
    table = curves.compare("ALLY")
    for line in table.itertuples():
        gain = -line.difference  # ALLY minus the other
        yield {
            "where": f"{where} {line.data_set}",
            "claim": f"ALLY is as good as {line.sampler}, or better",
            "measured": f"mean score {gain:+.4f} (95 %: {-line.high:+.4f} to {-line.low:+.4f}), "
            f"ahead for {line.losses} of {line.wins + line.losses}, p = {line.p_adjusted:.3f}",
            "verdict": verdict_on_as_good(gain, line.p_adjusted),
        }


def saves_labels(curves, where):
    """Claim: ALLY reaches 97 % of the last score of random sampling with fewer labels."""
    for data_set in curves.data_sets:
        one = LearningCurves(curves.frame[curves.frame["data_set"] == data_set])
        summary = one.summary("random")
        line = one.compare("random").set_index("sampler").loc["ALLY"]
        needed = summary["labels_needed"]
        first = one.scores(data_set, "random")[1].mean(axis=0)[0]
        if summary["final"]["random"] < first:  # more labels do harm here, so none can be saved
            continue
        yield {
            "where": f"{where} {data_set}",
            "claim": "ALLY saves labels against random sampling",
            "measured": f"{needed['ALLY']:.0f} labels, random {needed['random']:.0f}, for 97 % of "
            f"random's final score; mean score {line['difference']:+.4f}, "
            f"p = {line['p_adjusted']:.3f}",
            "verdict": verdict(line["difference"], line["p_adjusted"]),
        }


def epsilon_rule(curves):
    """Claim: tolerances of 1.1 to 1.3 times the unconstrained loss are the best."""
    areas = curves.areas().mean().drop("random")
    multiple = np.array([float(name.split()[1]) for name in areas.index])
    inside = areas[(multiple >= 1.1) & (multiple <= 1.3)]
    outside = areas[(multiple < 1.1) | (multiple > 1.3)]
    table = curves.compare(inside.idxmax()).set_index("sampler")
    line = table.loc[outside.idxmax()]
    yield {
        "where": "Figure 4 MNIST",
        "claim": "epsilon is best at 1.1 to 1.3 times the loss without constraints",
        "measured": f"mean accuracy {inside.min():.4f} to {inside.max():.4f} there; elsewhere from "
        f"{outside.min():.4f} ({outside.idxmin()}) to {outside.max():.4f} ({outside.idxmax()}), "
        f"p = {line['p_adjusted']:.3f} between the best",
        "verdict": verdict_on_as_good(-line["difference"], line["p_adjusted"]),
    }


def more_clusters(curves):
    """Claim: clusters, and thereby diversity, help: one per pick compared with one in all."""
    table = curves.compare("1 clusters").set_index("sampler")
    line = table.loc["200 clusters"]
    areas = curves.areas().mean()
    shown = ", ".join(f"{name} {areas[name]:.4f}" for name in areas.index)
    yield {
        "where": "Appendix F MNIST",
        "claim": "a cluster for each pick is better than one cluster",
        "measured": f"mean accuracy: {shown}; p = {line['p_adjusted']:.3f}",
        "verdict": verdict(line["difference"], line["p_adjusted"]),
    }


def rising_duals(path):
    """Claim: predicted duals rise along the path."""
    duals = pd.read_csv(path).drop(columns="step").to_numpy()
    rise = np.diff(duals, axis=0).min()
    yield {
        "where": "Figure 1 MNIST",
        "claim": "gradient ascent raises the predicted dual, step by step",
        "measured": f"from {duals[0].mean():.3f} to {duals[-1].mean():.3f} in the mean of "
        f"{duals.shape[1]} digits; smallest change of a step {rise:.1g}",
        "verdict": "agrees" if rise >= 0 and (duals[-1] > duals[0]).all() else "disagrees",
    }


def all_claims(out):
    """Lines of the table, for the figures that have been made."""
    if (out / "figure_1.csv").exists():
        yield from rising_duals(out / "figure_1.csv")
    for path in sorted([*out.glob("figure_2_*.csv"), *out.glob("figure_3.csv")]):
        number, *rest = path.stem.removeprefix("figure_").split("_")
        if curves_in(path).frame["seed"].nunique() < 2:  # one random state allows no conclusion
            continue
        where = f"Figure {number}"
        batch = next((part for part in rest if part.isdigit()), None)
        where += f" (batches of {batch})" if batch else ""
        yield from as_good_as_all(curves_in(path), where)
        yield from saves_labels(curves_in(path), where)
    if (curves := curves_in(out / "figure_4.csv")) is not None:
        yield from epsilon_rule(curves)
    if (curves := curves_in(out / "appendix_f.csv")) is not None:
        yield from more_clusters(curves)


def main():
    """Write the table, and print it."""
    options, _ = command_line(__doc__)
    table = pd.DataFrame(all_claims(options.out))
    table.to_csv(options.out / "claims.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
