"""Progress is a bar in a terminal, a few lines elsewhere, and nothing where none is asked for."""

import io

import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from skally import EntropySampler, RandomSampler
from skally.benchmark import learning_curves
from skally.benchmark.progress import progress_bar

TOTAL = 3 * 2 * 8


class Terminal(io.StringIO):
    """Text stream that says that it is a terminal."""

    def isatty(self):
        return True


def shown(monkeypatch, stream, verbose=1):
    """What a run with 48 rounds writes to stderr."""
    monkeypatch.setattr("sys.stderr", stream)
    learning_curves(
        LogisticRegression(max_iter=1000),
        {"random": RandomSampler(), "entropy": EntropySampler()},
        *load_iris(return_X_y=True),
        n_initial=30,
        n_instances=4,
        n_rounds=2,
        random_states=range(8),
        verbose=verbose,
    )
    return stream.getvalue()


def test_a_file_gets_a_line_for_each_tenth_and_no_bar(monkeypatch):
    text = shown(monkeypatch, io.StringIO())
    lines = text.splitlines()
    assert "\r" not in text and "|" not in text
    assert len(lines) == 10
    assert f"{TOTAL}/{TOTAL}" in lines[-1] and lines[-1].startswith("round 2 of 2")


def test_a_terminal_gets_a_bar(monkeypatch):
    text = shown(monkeypatch, Terminal())
    assert "\r" in text and f"{TOTAL}/{TOTAL}" in text


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_nothing_is_shown_without_verbose(monkeypatch, stream):
    assert shown(monkeypatch, stream, verbose=0) == ""


def test_few_rounds_are_few_lines_and_a_reset_counts_from_0(capsys):
    with progress_bar(3, verbose=1) as bar:
        bar.update(0)
        bar.update(2)
        bar.reset()
        bar.update(3)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["2/3", "3/3"]


def test_a_program_without_stderr_runs(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr", None)
    with progress_bar(1, verbose=1) as bar:
        bar.update()
