"""The paper's training by name, against Algorithm 1 written out."""

import numpy as np
import torch
from sklearn.base import clone

from skally import ConstrainedNetRegressor
from skally.paper import PAPER_SETTINGS


def test_reference_training_is_algorithm_1_with_adam_step_by_step(diabetes):
    X, y = (a[:10] for a in diabetes)
    net = ConstrainedNetRegressor(**PAPER_SETTINGS).set_params(
        module__hidden_layer_sizes=(4,), batch_size=4, iterator_train__shuffle=False,
        max_epochs=3, random_state=0,
    )  # fmt: skip
    module = clone(net).set_params(lr=0.0, dual_lr=0.0, max_epochs=1).fit(X, y).module_
    z = torch.as_tensor((y - y.mean()) / y.std(), dtype=torch.float32)
    adam, lam = torch.optim.Adam(module.parameters(), lr=1e-3), torch.zeros(10)
    module.train()
    for _ in range(3):
        for rows in (slice(0, 4), slice(4, 8), slice(8, 10)):
            loss = (module(torch.as_tensor(X[rows]))[:, 0] - z[rows]).square()
            adam.zero_grad()
            (loss + lam[rows] * (loss - 0.2)).mean().backward()
            adam.step()
            lam[rows] = torch.relu(lam[rows] + 0.05 * (loss.detach() - 0.2))
    net.fit(X, y)
    assert lam.max() > 0
    # Nine steps of 1e-3 at most, which another kernel of Adam rounds otherwise, and losses of
    # size 1 in float32. A step that were missing would move weights by 1e-3.
    assert np.allclose(net.dual_variables_, lam, atol=1e-5)
    for ours, theirs in zip(net.module_.parameters(), module.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)
