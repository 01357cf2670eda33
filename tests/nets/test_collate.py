"""Batches that a user's own function makes of samples."""

import numpy as np
import pytest
import torch
from one_net import one_classifier
from skorch.dataset import ValidSplit
from skorch.helper import predefined_split
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset

from skally import EntropySampler

rng = np.random.RandomState(0)
LINES = [torch.tensor(rng.randint(50, size=2 + i % 7)) for i in range(33)]
LABELS = [i % 2 for i in range(33)]


class Lines(Dataset):
    """Inputs of varying length, with labels in some form."""

    def __init__(self, form=int):
        self.form = form

    def __len__(self):
        return len(LINES)

    def __getitem__(self, i):
        return LINES[i], self.form(LABELS[i])


class Bag(nn.Module):
    def __init__(self, n_outputs):
        super().__init__()
        self.bag, self.out = nn.EmbeddingBag(50, 8, padding_idx=0), nn.Linear(8, n_outputs)

    def forward(self, X):
        return self.out(self.bag(X))


def padded(samples, labels=torch.tensor):
    inputs, targets = zip(*samples, strict=True)
    return nn.utils.rnn.pad_sequence(inputs, batch_first=True), labels(targets)


def stacked(samples):
    return padded(samples, torch.stack)


def joined(samples):
    return padded(samples, torch.cat)


def longest_first(samples):
    return padded(sorted(samples, key=lambda sample: -len(sample[0])))


def one_hot(samples):
    return padded(samples, lambda labels: nn.functional.one_hot(torch.tensor(labels)))


def by_name(samples):
    return padded(samples, lambda labels: torch.tensor([{"no": 0, "yes": 1}[l] for l in labels]))  # noqa: E741


def lone(samples):
    return padded(samples)[0]


def net_of(train, valid=padded, **params):
    params = {"batch_size": 8, "max_epochs": 2, "random_state": 0, **params}
    return one_classifier(
        Bag, iterator_train__collate_fn=train, iterator_valid__collate_fn=valid, **params
    )


@pytest.mark.parametrize("collate, form", [
    (padded, int), (stacked, torch.tensor), (joined, lambda label: torch.tensor([label])),
    (longest_first, int),
])  # fmt: skip
@pytest.mark.parametrize("batch_size", [1, 8, 64])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")  # of labels (n, 1)
def test_rows_keep_their_duals_whatever_a_collate_function_does(collate, form, batch_size):
    epsilon = np.full(33, 1e3)
    epsilon[[4, 11]] = 0.0
    for dual_update in ("epoch", "batch"):
        net = net_of(collate, dual_update=dual_update, batch_size=batch_size)
        if collate is not longest_first:
            net.set_params(iterator_valid__collate_fn=collate)
        net.fit(Lines(form), epsilon=epsilon)
        assert np.flatnonzero(net.dual_variables_).tolist() == [4, 11]
    assert net.predict(Lines(form)).shape == (33,)
    assert net.train_embedding_.shape == net.embed(Lines(form)).shape == (33, 8)


def test_targets_belong_to_their_inputs_in_every_order():
    params = {"batch_size": -1, "lr": 0.05, "max_epochs": 10}
    a, b = (net_of(collate, **params).fit(Lines()) for collate in (padded, longest_first))
    assert np.allclose(a.slacks_, b.slacks_, atol=1e-3)  # the order of a sum of 33 terms
    loss = nn.CrossEntropyLoss(reduction="none")
    for i in (3, 10):
        logits = a.module_(LINES[i][None])
        assert np.isclose(a.slacks_[i] + 0.2, loss(logits, torch.tensor(LABELS[i : i + 1])).item(),
                          atol=1e-5)  # fmt: skip


@pytest.mark.parametrize("params", [
    {"iterator_train": DataLoader, "iterator_valid": DataLoader},
    {"iterator_train__num_workers": 1},
    {"train_split": ValidSplit(3)},
    {"train_split": predefined_split(Subset(Lines(), range(5)))},
    {"epsilon": "auto"},
])  # fmt: skip
def test_loaders_splits_and_tolerances_of_any_kind_work_with_it(params):
    net = net_of(padded, **params).fit(Lines())
    assert np.isfinite(net.slacks_).all() and np.isfinite(net.constraint_loss(Lines(), None)).all()
    if "train_split" in params:
        assert "valid_acc" in net.history[-1]


@pytest.mark.parametrize("train, valid, form, message", [
    (longest_first, longest_first, int, "iterator_valid__collate_fn must keep all rows in their"),
    (one_hot, padded, int, "collate_fn has changed the targets"),
    (by_name, padded, lambda label: ("no", "yes")[label], "failed on its batch: KeyError"),
    (lone, padded, int, "collate_fn failed on its batch.*pairs"),
])  # fmt: skip
def test_what_a_collate_function_must_not_do_is_said(train, valid, form, message):
    with pytest.raises(ValueError, match=message):
        net_of(train, valid).fit(Lines(form))


def test_inputs_of_several_shapes_ask_for_a_collate_function():
    with pytest.raises(ValueError, match="iterator_train__collate_fn"):
        one_classifier(Bag, batch_size=8, max_epochs=1).fit(Lines())


class TwoInputs(Dataset):
    """Inputs by name, in another precision than the module's."""

    def __len__(self):
        return 33

    def __getitem__(self, i):
        return {"a": torch.full((2,), float(i)).double(), "b": torch.ones(3)}, LABELS[i]


class Sum(nn.Module):
    def __init__(self, n_outputs):
        super().__init__()
        self.out = nn.Linear(5, n_outputs)

    def forward(self, a, b):
        return self.out(torch.cat([a, b], dim=1))


def test_inputs_by_name_work():
    net = one_classifier(Sum, epsilon="auto", max_epochs=2, random_state=0)
    net.fit(TwoInputs())
    assert not hasattr(net, "n_features_in_")
    assert net.predict_proba(TwoInputs()).shape == (33, 2)
    assert net.embed(TwoInputs()).shape == (33, 5)
    assert len(set(EntropySampler().query(net, TwoInputs(), 3))) == 3
