"""Appendix F of the paper: ALLY on MNIST by the number of clusters, from 1 to the batch.

With one cluster the batch has the largest predicted duals of the pool, without diversity. With as
many clusters as picks it has the largest predicted dual of each cluster.
"""

from common import command_line, run, save
from figure_2_images import net_for

from skally import ALLYSampler, RandomSampler
from skally.datasets import fetch_mnist

N_CLUSTERS = [1, 10, 50, 100, 200]


def main():
    """One curve for each number of clusters, with the same initial labels and weights."""
    options, _ = command_line(__doc__)
    train, test = (fetch_mnist(subset=subset, flat=True) for subset in ("train", "test"))
    n = 2000 if options.quick else None
    samplers = {f"{k} clusters": ALLYSampler(n_clusters=k) for k in N_CLUSTERS}
    curves = run(
        options,
        "appendix_f",
        net_for("mnist", options.device, 3 if options.quick else 50),
        {"random": RandomSampler(), **samplers},
        train.data[:n],
        train.target[:n],
        X_test=test.data[:n],
        y_test=test.target[:n],
        n_initial=100,
        n_instances=200,
        n_rounds=1 if options.quick else 5,
        scoring="accuracy",
    )
    save(options, "appendix_f", {train.name: curves}, score_name="test accuracy")


if __name__ == "__main__":
    main()
