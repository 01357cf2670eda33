import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

SCRIPTS = Path(__file__).parents[1] / "examples" / "paper"
DATA = Path(os.environ.get("SKALLY_DATA") or "no data")


def run(name, out, *options):
    command = [sys.executable, str(SCRIPTS / name), "--out", str(out), *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "mnist").exists(), reason="SKALLY_DATA has no MNIST")
def test_every_figure_is_made_and_the_claims_are_read_from_them(tmp_path):
    for name in ("figure_1_synthesis.py", "figure_2_images.py", "figure_3_parkinsons.py",
                 "figure_4_epsilon.py", "appendix_f_clusters.py",
                 "predicted_duals.py"):  # fmt: skip
        run(name, tmp_path, "--quick")
    made = {path.name for path in tmp_path.iterdir()}
    names = ("figure_1", "figure_2_mnist_200", "figure_3", "figure_4", "appendix_f",
             "predicted_duals")  # fmt: skip
    assert {f"{name}.{ending}" for name in names for ending in ("csv", "png")} <= made
    run("claims.py", tmp_path)
    claims = pd.read_csv(tmp_path / "claims.csv")
    assert set(claims["where"].str.split().str[:2].str.join(" ")) == {
        "Figure 1", "Figure 2", "Figure 3", "Figure 4", "Appendix F"
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "cifar10_jpeg").exists(), reason="SKALLY_DATA has no CIFAR-10")
def test_photographs_train_a_resnet(tmp_path):
    run("figure_2_images.py", tmp_path, "--quick", "--data", "cifar10")
    curves = pd.read_csv(tmp_path / "figure_2_cifar10_200.csv")
    assert set(curves["data_set"]) == {"CIFAR-10 (JPEG copy)"}
    assert curves["score"].between(0, 1).all()


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.stem)
def test_results_say_the_command_that_makes_them(path):
    page = (SCRIPTS.parents[1] / "docs" / "paper.rst").read_text()
    assert path.stem == "common" or f"python examples/paper/{path.name}" in page
