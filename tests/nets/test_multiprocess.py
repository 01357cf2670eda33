"""Several processes train as one: the oracle is the same fit without an accelerator.

Sums in another order are off by 1e-6 of their size, from tens of float32 terms. Tens of small steps
leave differences of the same order, and 1e-4 is far below what a missing row or step would make.
"""

import json
import os
import pickle
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from two_processes import ALIKE, SAME, continued, data_of, learned, regression, regressor

accelerate = pytest.importorskip("accelerate")
SCRIPT = Path(__file__).parents[1] / "two_processes.py"
PAGE = Path(__file__).parents[2] / "docs" / "devices.rst"
CASES = [*SAME, "continued"]
IGNORED = "ignore::sklearn.exceptions.ConvergenceWarning"  # trainings are short


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """What each of two processes has found."""
    folder = tmp_path_factory.mktemp("processes")
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, SCRIPT, folder, "2"], env=env, check=True)
    return [pickle.loads((folder / f"{i}.pickle").read_bytes()) for i in range(2)]


def assert_close(found, expected):
    """Whether two fits have learned the same, up to rounding."""
    assert found.keys() == expected.keys()
    for part, value in expected.items():
        tolerance = 1e-4 * np.nanmax(np.abs(value))
        assert np.allclose(found[part], value, rtol=0, atol=tolerance, equal_nan=True), part


def alone(name):
    """The same fit by one process."""
    net = SAME.get(name)
    return learned(continued(None) if net is None else clone(net).fit(*data_of(net)))


@pytest.mark.filterwarnings(IGNORED)
@pytest.mark.parametrize("name", CASES)
def test_two_processes_learn_what_one_does(name, processes):
    expected = alone(name)
    for found, *_ in processes:
        assert_close(found[name], expected)


@pytest.mark.parametrize("name", [*CASES, *ALIKE])
def test_processes_end_with_the_same_bits(name, processes):
    first, second = (found[name] for found, *_ in processes)
    for part in first:
        assert np.array_equal(first[part], second[part], equal_nan=True), part


def test_each_process_drops_units_of_its_own(processes):
    first, second = (np.concatenate(found["masks"]) for found, *_ in processes)
    n = min(len(first), len(second))
    assert 0.4 < (first[:n] == second[:n]).mean() < 0.9  # inactive units are alike


def test_different_data_are_refused_in_every_process(processes):
    for found, *_ in processes:
        assert "n == [101, 100]: give all rows" in found["error"]


def test_net_of_two_processes_is_read_and_trained_on_by_one(processes):
    X, y = regression()
    _, net, _ = processes[1]
    assert net.accelerator is None
    assert net.net_.processes_ is None
    losses = processes[0][0]["epoch"]["losses"]
    assert np.allclose(net.sample_loss(X, y), losses, atol=1e-4 * losses.max())
    assert len(net.partial_fit(X, y).history_) == 10


def test_random_numbers_of_the_user_go_on_as_if_nothing_had_been_trained(processes):
    for i, (_, _, drawn) in enumerate(processes):
        assert drawn == torch.rand(1, generator=torch.Generator().manual_seed(i)).item()


@pytest.mark.filterwarnings(IGNORED)
@pytest.mark.parametrize("name", ["epoch", "classes, batch", "early stopping"])
def test_accelerator_of_one_process_changes_nothing(name):
    net = clone(SAME[name]).set_params(accelerator=accelerate.Accelerator(cpu=True))
    assert_close(learned(net.fit(*data_of(net))), alone(name))


@pytest.mark.filterwarnings(IGNORED)
def test_net_of_one_process_goes_on_with_an_accelerator():
    net = regressor().fit(*regression())
    expected = learned(pickle.loads(pickle.dumps(net)).partial_fit(*regression()))
    net.set_params(accelerator=accelerate.Accelerator(cpu=True)).partial_fit(*regression())
    assert_close(learned(net), expected)


def test_clone_and_get_params_keep_the_accelerator():
    accelerator = accelerate.Accelerator(cpu=True)
    net = clone(regressor(accelerator=accelerator))
    assert net.get_params()["accelerator"] is accelerator


@pytest.mark.parametrize(
    "params, message",
    [
        ({"accelerator": "cuda"}, "accelerator == 'cuda', must be None or accelerate.Accelerator"),
        ({"device": "cuda:7"}, "device == 'cuda:7', must be left out"),
    ],
)
def test_what_cannot_be_is_refused(params, message):
    net = regressor(**{"accelerator": accelerate.Accelerator(cpu=True), **params})
    with pytest.raises(ValueError, match=message):
        net.fit(*regression())
    assert not hasattr(net, "net_")


@pytest.mark.slow
def test_script_of_the_documentation_prints_the_same_by_one_process_and_two(tmp_path):
    """The largest dual to a tenth after 100 epochs of Adam; picks can turn on rounding."""
    blocks = re.findall(r"code-block:: python\n\n((?: {3}.*\n|\n)+)", PAGE.read_text())
    (tmp_path / "train.py").write_text(textwrap.dedent(blocks[1]))
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--main_process_port=0"]
    one, two = (
        subprocess.run(
            [*launch, "--num_processes", n, tmp_path / "train.py"],
            env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True, capture_output=True, text=True,
        ).stdout
        for n in "12"
    )  # fmt: skip
    (dual_of_one, picks_of_one), (dual_of_two, picks_of_two) = map(parse, (one, two))
    assert np.isclose(dual_of_one, dual_of_two, rtol=0.1)
    for picks in (picks_of_one, picks_of_two):
        assert len(set(picks)) == 50


def parse(printed):
    """The number and the list that the script prints."""
    number, picks = printed.split(maxsplit=1)
    return float(number), json.loads(picks)
