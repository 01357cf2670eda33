import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from skally.benchmark.rounds import Outcome
from skally.benchmark.store import FORMAT, Store, difference

OUTCOME = Outcome(0.5, 1.0, 2.0, [0.25], np.array([7, 3]))


def filled(path):
    with Store(path) as store:
        store.agree("settings", {"n_instances": 2})
        store.add_batch("random", 0, 0, np.array([1, 4]), 0.0)
        store.add_round("random", 0, 0, 2, OUTCOME)


def test_what_is_written_is_read_when_the_file_is_opened_again(tmp_path):
    filled(tmp_path / "curves")
    with Store(tmp_path / "curves") as store:
        assert [batch.tolist() for batch in store.batches("random", 0)] == [[1, 4], [7, 3]]
        assert store.observations("random", 0) == [[0.25]]
        assert store.setting("n_instances") == 2
        row = store.frame().iloc[0]
    assert (row["n_labeled"], row["score"], row["fit_seconds"]) == (2, 0.5, 1.0)
    assert row["query_seconds"] == 0.0  # of the query that chose [1, 4]: there was none
    assert row["indices"].tolist() == [1, 4]


def test_round_and_its_batch_are_written_together_or_not_at_all(tmp_path):
    filled(tmp_path / "curves")
    with Store(tmp_path / "curves") as store:
        store.add_batch("random", 0, 2, [9], 0.0)
        with pytest.raises(OSError, match="UNIQUE"):  # round 1 chooses a batch 2, which is there
            store.add_round("random", 0, 1, 4, OUTCOME)
        assert store.observations("random", 0) == [[0.25]]


def test_round_that_is_done_again_replaces_the_first(tmp_path):
    filled(tmp_path / "curves")
    with Store(tmp_path / "curves") as store:
        store.add_round("random", 0, 0, 2, Outcome(0.75, 1.0, 0.0, None, None))
        assert store.frame()["score"].tolist() == [0.75]


def test_other_settings_are_refused_and_named(tmp_path):
    filled(tmp_path / "curves")
    with Store(tmp_path / "curves") as store:
        with pytest.raises(ValueError, match=r"n_instances == 3, must be 2 as in the file"):
            store.agree("settings", {"new": 1, "n_instances": 3})
        assert store.setting("new") is None


def test_largest_number_is_kept(tmp_path):
    with Store(tmp_path / "curves") as store:
        for number in (0.25, 0.5, 0.125):
            store.keep_largest("test_ratio", number)
        assert store.setting("test_ratio") == 0.5


def test_difference_names_the_innermost_part_that_differs():
    kept = {"steps": [["scale", {}], ["net", {"lr": 0.1, "epsilon": 0.2}]]}
    given = {"steps": [["scale", {}], ["net", {"lr": 0.1, "epsilon": 0.3}]]}
    assert difference("estimator", kept, given).startswith("estimator.steps.1.1.epsilon == 0.3")
    assert difference("stopping", None, {"class": "x"}).startswith("stopping == {'class': 'x'}")


def test_file_that_is_open_in_another_process_is_refused(tmp_path):
    filled(tmp_path / "curves")
    code = (
        "import sys; from skally.benchmark.store import Store\n"
        "try: Store(sys.argv[1])\n"
        "except OSError as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "curves")]
    with Store(tmp_path / "curves"):
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "is open in another run" in shown
    assert not subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_two_runs_in_one_process_are_kept_apart_too(tmp_path):
    with Store(tmp_path / "curves"), pytest.raises(OSError, match="is open in another run"):
        Store(tmp_path / "curves")


def test_file_of_a_newer_version_is_refused(tmp_path):
    filled(tmp_path / "curves")
    db = sqlite3.connect(tmp_path / "curves")
    db.execute(f"PRAGMA user_version = {FORMAT + 1}")
    db.close()
    with pytest.raises(ValueError, match="written by a newer skally"):
        Store(tmp_path / "curves")


def test_files_of_other_kinds_are_refused_and_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("These are my notes, and they are long enough. " * 40)
    with pytest.raises(ValueError, match="must be a file of learning curves"):
        Store(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text().startswith("These are my notes")
    db = sqlite3.connect(tmp_path / "other")
    db.execute("CREATE TABLE birds (name TEXT)")
    db.close()
    with pytest.raises(ValueError, match="must be a file of learning curves"):
        Store(tmp_path / "other")


def test_folder_that_is_not_there_raises(tmp_path):
    with pytest.raises(OSError, match="cannot be opened"):
        Store(tmp_path / "nowhere" / "curves")


@pytest.mark.parametrize("label", [3, 2.5, "seven", [1.0, 2.0], True])
def test_label_is_read_as_it_was_written(tmp_path, label):
    with Store(tmp_path / "curves") as store:
        store.add_labels({5: label})
    with Store(tmp_path / "curves") as store:
        assert store.labels() == {5: label} and type(store.labels()[5]) is type(label)
