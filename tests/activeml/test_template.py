"""The tests that scikit-activeml has for its own strategies for pools, on every sampler.

Releases after 0.5 leave their tests out, so that ``make test`` takes them from 0.5.2, beside the
scikit-activeml that is installed. They skip where ``make test`` has not run.
"""

from pathlib import Path
from unittest import TestCase, mock

import numpy as np
import pytest
from conftest import ARGUMENTS
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import NotFittedError

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor
from skally.modules import MLP
from skally.samplers import all_samplers

skactiveml = pytest.importorskip("skactiveml")
TEMPLATES = Path(__file__).parents[2] / ".skactiveml-0.5.2" / "skactiveml"
if not TEMPLATES.exists():
    pytest.skip("has no templates: make test installs them", allow_module_level=True)
skactiveml.__path__.append(str(TEMPLATES))

from skactiveml.classifier import SklearnClassifier  # noqa: E402
from skactiveml.regressor import SklearnRegressor  # noqa: E402
from skactiveml.tests import template_query_strategy as template  # noqa: E402

from skally.activeml import SkallyStrategy  # noqa: E402

# scikit-activeml warns of what it cannot fit, and of batches larger than the pool.
pytestmark = pytest.mark.filterwarnings("ignore")

NET = {
    "module": MLP, "n_members": 1, "module__hidden_layer_sizes": (4,), "max_epochs": 2,
    "random_state": 0,
}  # fmt: skip
FOR_NETS = {"ALLYSampler", "DualLCMDSampler"}
FOR_CLASSES = {
    "BADGESampler", "ComposedSampler", "CoordinatedMatchingSampler", "DropQuerySampler",
    "EntropySampler", "LeastConfidentSampler", "MarginSampler", "RefineSampler",
    "StochasticSampler", "UHerdingSampler",
}  # fmt: skip
FOR_NUMBERS = {"GreedyTargetSampler", "ImprovedGreedySampler"}
# A query without a label is an error, where scikit-activeml's strategies must answer.
FOR_LABELS = FOR_NETS | FOR_NUMBERS | {
    "BAITSampler", "BALDSampler", "DiscriminativeSampler", "EPIGSampler", "LCMDSampler",
    "LearningLossSampler", "RefineSampler", "SpreadSampler", "WeightedLCMDSampler",
}  # fmt: skip

X = np.random.RandomState(0).normal(size=(14, 2))
Y = np.where(np.arange(14) < 6, np.arange(14) % 2, np.nan)


class OneSampler:
    """The template for one sampler, with a classifier (``kind == "clf"``) or a regressor."""

    sampler = kind = None

    def setUp(self):
        super().setUp(
            qs_class=SkallyStrategy,
            init_default_params={"sampler": self.sampler},
            **{f"query_default_params_{self.kind}": {"X": X, "y": Y, self.kind: self.model()}},
        )

    def model(self):
        is_net = type(self.sampler).__name__ in FOR_NETS
        if self.kind == "clf":
            model = (
                ConstrainedNetClassifier(**NET)
                if is_net
                else RandomForestClassifier(3, random_state=0)
            )
            return SklearnClassifier(model, classes=[0, 1])
        return SklearnRegressor(
            ConstrainedNetRegressor(**NET) if is_net else RandomForestRegressor(3, random_state=0)
        )

    def test_init_param_sampler(self):
        cases = [("random", TypeError), (type(self.sampler), TypeError), (self.sampler, None)]
        self._test_param("init", "sampler", cases)

    def test_query_param_clf(self):
        self._skip_unless("clf")
        # Classifiers of scikit-learn are welcome, so that something else stands in for theirs.
        with mock.patch.object(template, "GaussianNB", KMeans):
            super().test_query_param_clf(test_cases=[])

    def test_query_param_reg(self):
        self._skip_unless("reg")
        super().test_query_param_reg(test_cases=[])

    def test_query_param_fit_clf(self):
        self._skip_unless("clf")
        super().test_query_param_fit_clf()

    def test_query_param_fit_reg(self):
        self._skip_unless("reg")
        super().test_query_param_fit_reg()

    def test_query_al_cycles(self):
        if type(self.sampler).__name__ not in FOR_LABELS:
            return super().test_query_al_cycles()
        strategy = SkallyStrategy(self.sampler)
        with pytest.raises(
            (ValueError, NotFittedError), match="which this sampler needs|needed here"
        ):
            strategy.query(X, np.full(14, np.nan), **{self.kind: self.model()})

    def test_query_param_sample_weight(self):
        if type(self.sampler).__name__ in FOR_NETS:
            self.skipTest("asks constrained nets, which take no sample weights")
        super().test_query_param_sample_weight()

    def test_query(self):
        """Must be there, and is ``test_strategy.py``."""

    def _skip_unless(self, kind):
        if kind != self.kind:
            self.skipTest("is of the other kind of estimator")


for name, cls in all_samplers():
    for kind, others in (("clf", FOR_NUMBERS), ("reg", FOR_CLASSES)):
        if name not in others:
            attributes = {"sampler": cls(**ARGUMENTS.get(cls, {})), "kind": kind}
            bases = (OneSampler, template.TemplateSingleAnnotatorPoolQueryStrategy, TestCase)
            globals()[f"Test{name}_{kind}"] = type(f"Test{name}_{kind}", bases, attributes)
