"""Precision of finding wrong labels by dual variables, by losses and by cleanlab.

As many labels are taken as suspects as are wrong.

Run: ``SKALLY_DATA=... python tests/benchmarks/label_errors.py``

cleanlab ranks labels by probabilities from cross-validation of the same net. It is installed into a
virtual environment of its own, without torch.
"""

import subprocess
import tempfile
import venv
from pathlib import Path

import numpy as np
from label_noise import all_runs, precisions, table

N_SEEDS = 5
METHODS = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
SCORE = """
import numpy as np
from cleanlab.rank import get_label_quality_scores
given = np.load(sys.argv[1])
quality = {}
for key in given:
    if key.endswith("/proba"):
        run = key.rsplit("/", 2)[0]
        for method in sys.argv[3:]:
            scores = get_label_quality_scores(given[run + "/y"], given[key], method=method)
            quality[key.removesuffix("proba") + method] = scores
np.savez(sys.argv[2], **quality)
"""


def cleanlab_scores(runs, folder):
    """Quality of each label by each of cleanlab's methods, small for suspects."""
    given, scored = folder / "given.npz", folder / "scored.npz"
    arrays = {f"{i}/y": run["y"] for i, run in enumerate(runs)}
    for i, run in enumerate(runs):
        arrays |= {f"{i}/{setting}/proba": proba for setting, proba in run["proba"].items()}
    np.savez(given, **arrays)
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "cleanlab>=2.6"], check=True)
    subprocess.run([python, "-c", SCORE, given, scored, *METHODS], check=True)
    return np.load(scored)


def main():
    """Print a table of our rules, then one of all rules."""
    runs = all_runs(range(N_SEEDS))
    print(table(precisions(runs)).to_string(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for key, quality in cleanlab_scores(runs, Path(folder)).items():
            i, setting, method = key.split("/")
            runs[int(i)]["suspicion"][setting, f"cleanlab {method}"] = -quality
    print(table(precisions(runs)).to_string())


if __name__ == "__main__":
    main()
