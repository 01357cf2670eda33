"""What the demo says in words and pictures is what its curves say."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from skally.benchmark import LearningCurves

pytest.importorskip("matplotlib")
PATH = Path(__file__).parents[1] / "examples" / "demo.py"
N_LABELED = [10, 20, 30]


@pytest.fixture(scope="module")
def demo():
    spec = importlib.util.spec_from_file_location("demo", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo"] = module  # dataclasses look up their module there
    spec.loader.exec_module(module)
    yield module
    del sys.modules["demo"]


def curves_of(**scores):
    """Curves with the given means and five random states around them."""
    rows = [
        {"sampler": sampler, "seed": seed, "n_labeled": n, "score": score + 0.01 * seed}
        for sampler, line in scores.items()
        for seed in range(5)
        for n, score in zip(N_LABELED, line, strict=True)
    ]
    return LearningCurves.from_frame(pd.DataFrame(rows))


def test_a_sentence_has_the_labels_that_are_needed(demo):
    curves = curves_of(random=[0.5, 0.6, 0.98], CoreSet=[0.5, 0.5, 0.5], margin=[0.5, 0.97, 0.98])
    needed = curves.summary("random", share=demo.SHARE)["labels_needed"]
    assert demo.sentence("net", curves) == (
        f"net: margin needs {needed['margin']:.0f} labels where random needs "
        f"{needed['random']:.0f}; ahead in 5 of 5 random states."
    )
    assert needed["margin"] < needed["random"]


def test_a_sentence_says_that_a_strategy_is_worse(demo):
    curves = curves_of(random=[0.5, 0.6, 0.98], margin=[0.5, 0.5, 0.6])
    assert "margin doesn't reach what random does" in demo.sentence("net", curves)
    assert "ahead in 0 of 5" in demo.sentence("net", curves)


@pytest.mark.parametrize("name", ["digits", "cells"])
def test_tasks_need_no_download_and_have_a_sampler_to_compare_with(demo, name, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("no download")

    monkeypatch.setattr("pooch.retrieve", refuse)
    task = getattr(demo, name)()
    X, y = task.data
    assert len(X) == len(y) and np.isfinite(X).all()
    assert list(task.samplers)[0] == "random"
    n_rounds, n_instances = task.settings["n_rounds"], task.settings["n_instances"]
    assert task.settings["n_initial"] + n_rounds * n_instances < 0.75 * len(X)


def test_without_parkinsons_two_tasks_are_left(demo, monkeypatch, capsys):
    def refuse(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(demo, "fetch_parkinsons", refuse)
    assert len(list(demo.tasks())) == 2
    assert "no network" in capsys.readouterr().out


def test_a_task_is_run_reported_and_drawn(demo, capsys):
    models = {"weak": LogisticRegression(C=0.01, max_iter=999), "strong": LogisticRegression()}
    task = demo.Task(
        title="Irises: which one is it?",
        score_name="accuracy",
        data=load_iris(return_X_y=True),
        estimators=models,
        samplers={each: demo.SAMPLERS["digits"][each] for each in ("random", "margin")},
        settings={"n_initial": 30, "n_instances": 5, "n_rounds": 2, "n_jobs": 1},
    )
    curves = demo.run(task)
    demo.report(task, curves)
    out = capsys.readouterr().out
    assert all(demo.sentence(name, curves[name]) in out for name in models)
    figure = demo.draw([(task, curves)])
    assert [ax.get_ylabel() for ax in figure.axes] == ["accuracy", "accuracy"]
    assert all(ax.get_xlabel() and ax.get_title() and ax.get_legend() for ax in figure.axes)
