"""Figure 3 of the paper: test error on Parkinsons telemonitoring by number of labels.

The paper splits the rows at random, so that rows of one person are in both the training and the
test set. In the split by subject they are not, and the error is that on new people. BAIT and LCMD
are not in the paper.

The net and its training have the library's defaults, the same for all strategies. Errors are
fractions of the target's variance.
"""

from common import command_line, run, save
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import (
    ALLYSampler,
    BAITSampler,
    ConstrainedNetRegressor,
    CoreSetSampler,
    LCMDSampler,
    RandomSampler,
)
from skally.datasets import fetch_parkinsons
from skally.modules import MLP

SAMPLERS = {
    "random": RandomSampler(),
    "CoreSet": CoreSetSampler(),
    "ALLY": ALLYSampler(),
    "BAIT": BAITSampler(),
    "LCMD": LCMDSampler(),
}


def main():
    """Run both splits."""
    options, _ = command_line(__doc__)
    parkinsons = fetch_parkinsons(features="all")
    y = (parkinsons.target - parkinsons.target.mean()) / parkinsons.target.std()
    net = ConstrainedNetRegressor(
        device=options.device, module=MLP, n_members=1, lr=1e-3, max_epochs=100
    )
    size = {"n_initial": 100, "n_instances": 200, "n_rounds": 9}
    if options.quick:
        net.set_params(max_epochs=5)
        size["n_rounds"] = 2
    curves = {
        f"split {how}": run(
            options,
            f"figure_3_{how.replace(' ', '_')}",
            make_pipeline(StandardScaler(), net),
            SAMPLERS,
            parkinsons.data,
            y,
            groups=groups,
            scoring="neg_mean_squared_error",
            **size,
        )
        for how, groups in (("at random", None), ("by subject", parkinsons.groups))
    }
    save(
        options,
        "figure_3",
        curves,
        negate_score=True,
        score_name="test MSE / variance of the target",
        log_scale=True,
    )


if __name__ == "__main__":
    main()
