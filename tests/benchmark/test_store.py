import shutil
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
        store.agree("settings", {"n_instances": 2, "n_samples": 20})
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
            store.agree("settings", {"new": 1, "n_samples": 20, "n_instances": 3})
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


def test_copy_of_the_file_by_the_same_process_does_not_unlock_it(tmp_path):
    filled(tmp_path / "curves")
    code = (
        "import sys; from skally.benchmark.store import Store\n"
        "try: Store(sys.argv[1])\n"
        "except OSError as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "curves")]
    with Store(tmp_path / "curves"):
        shutil.copy(tmp_path / "curves", tmp_path / "backup")
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "is open in another run" in shown


def test_other_path_to_the_same_file_is_locked_too(tmp_path):
    filled(tmp_path / "curves")
    (tmp_path / "link").symlink_to(tmp_path / "curves")
    with Store(tmp_path / "curves"), pytest.raises(OSError, match="is open in another run"):
        Store(tmp_path / "link")


def test_lock_of_a_dead_process_does_not_block(tmp_path):
    code = (
        "import os, signal, sys; from skally.benchmark.store import Store\n"
        "store = Store(sys.argv[1]); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "curves")])
    assert (tmp_path / "curves.lock").exists()
    Store(tmp_path / "curves").close()


def test_file_of_zero_bytes_is_refused_and_left_alone(tmp_path):
    (tmp_path / "curves").touch()
    with pytest.raises(ValueError, match="curves' is empty, must be a file of learning curves"):
        Store(tmp_path / "curves")
    assert (tmp_path / "curves").stat().st_size == 0


def changed(path, *statements):
    """A filled file, changed by someone else."""
    filled(path)
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE batches SET indices = '[-7, 3]' WHERE round = 1", "position -7, must be"),
        ("UPDATE batches SET indices = '[7, 7]' WHERE round = 1", "position 7 is labelled twice"),
        ("UPDATE batches SET indices = '[1, 3]' WHERE round = 1", "position 1 is labelled twice"),
        ("UPDATE batches SET indices = '[7]' WHERE round = 1", "has 1 positions, must have 2"),
        ("UPDATE batches SET indices = '[7.5, 3]' WHERE round = 1", "position 7.5"),
        ("UPDATE batches SET indices = '[true, 3]' WHERE round = 1", "position True"),
        ("UPDATE batches SET indices = '[7, 30]' WHERE round = 1", "position 30, must be below 20"),
        ("UPDATE batches SET indices = 'abc' WHERE round = 1", "must be JSON"),
        ("UPDATE batches SET indices = 'null' WHERE round = 1", "must be a list"),
        (f"UPDATE batches SET indices = '{DEEP}' WHERE round = 1", "must be JSON"),
        ("UPDATE batches SET query_seconds = 'long'", "query_seconds == 'long'"),
        ("UPDATE batches SET seed = -1", "random state -1"),
        ("UPDATE batches SET round = 5 WHERE round = 1", "batch of round 5 .* must be of round 1"),
        ("DELETE FROM batches WHERE round = 0", "batch of round 1 .* must be of round 0"),
        ("INSERT INTO batches VALUES ('random', 0, 2, '[5, 6]', 0)", "result of round 1 .*miss"),
        ("UPDATE rounds SET score = 9e999", "score == inf"),
        ("UPDATE rounds SET score = 'good'", "score == 'good'"),
        ("UPDATE rounds SET n_labeled = 3", "has 3 labels"),
        ("UPDATE rounds SET round = 1", "result of round 1 .* must be of round 0"),
        ("UPDATE rounds SET observation = '[1'", "must be JSON"),
        ("INSERT INTO settings VALUES ('test_ratio', '\"x\"')", "test_ratio == 'x'"),
        ("UPDATE settings SET value = '\"x\"'", "n_samples == 'x'|n_instances == 'x'"),
        ("INSERT INTO labels VALUES (-1, '3')", "position -1"),
        ("INSERT INTO labels VALUES (1, 'Infinity')", "position 1 is inf"),
        ("INSERT INTO labels VALUES (1, '3'), (2, '\"a\"')", "position 2 is 'a', must be a number"),
        ("CREATE TABLE birds (name TEXT)", "the table 'birds'"),
        ("CREATE VIEW birds AS SELECT * FROM labels", "the view 'birds'"),
        ("CREATE INDEX birds ON labels (label)", "the index 'birds'"),
        ("CREATE TRIGGER birds AFTER INSERT ON labels BEGIN DELETE FROM rounds; END",
         "the trigger 'birds'"),
        ("DROP TABLE labels", "must hold all of a run"),
    ],
)  # fmt: skip
def test_what_no_run_writes_is_refused(tmp_path, statement, message):
    changed(tmp_path / "curves", statement)
    before = (tmp_path / "curves").read_bytes()
    with pytest.raises(ValueError, match=f"curves' must be as a run left it: .*({message})"):
        Store(tmp_path / "curves")
    assert (tmp_path / "curves").read_bytes() == before


def test_file_that_lacks_a_setting_is_refused(tmp_path):
    filled(tmp_path / "curves")
    with Store(tmp_path / "curves") as store:
        with pytest.raises(ValueError, match=r"lacks the settings \['cv'\]"):
            store.agree("settings", {"n_instances": 2, "n_samples": 20, "cv": None})


def test_file_of_an_earlier_format_is_read_and_not_continued(tmp_path):
    changed(tmp_path / "curves", "PRAGMA user_version = 1")
    with Store(tmp_path / "curves") as store:
        assert len(store.frame()) == 1
        with pytest.raises(ValueError, match="has format 1, of an earlier skally"):
            store.agree("settings", {"n_instances": 2})


def test_journal_that_names_another_journal_is_refused(tmp_path):
    filled(tmp_path / "curves")
    victim = tmp_path / "victim"
    victim.write_text("not to be deleted")
    name = str(victim).encode()
    journal = bytes(512) + (1).to_bytes(4, "big") + name + len(name).to_bytes(4, "big")
    journal += (sum(name)).to_bytes(4, "big") + bytes.fromhex("d9d505f920a163d7")
    (tmp_path / "curves-journal").write_bytes(journal)
    with pytest.raises(ValueError, match="journal beside it that names another journal"):
        Store(tmp_path / "curves")
    assert victim.exists()


def test_journal_that_is_a_link_is_refused(tmp_path):
    filled(tmp_path / "curves")
    (tmp_path / "notes").write_text("not to be overwritten")
    (tmp_path / "curves-journal").symlink_to(tmp_path / "notes")
    with pytest.raises(ValueError, match="not a link"):
        Store(tmp_path / "curves")
    assert (tmp_path / "notes").read_text() == "not to be overwritten"


def test_errors_of_sqlite_name_the_file_and_the_labels_that_were_not_stored(tmp_path):
    with Store(tmp_path / "curves") as store:
        store.add_labels({1: "two"})
        store._db.execute("PRAGMA query_only = ON")
        with pytest.raises(
            OSError, match=r"curves' cannot be written.*not stored: \{\"5\": \"six\"\}"
        ):
            store.add_labels({5: "six"})
        with pytest.raises(OSError, match="curves' cannot be written.*readonly"):
            store.add_round("random", 0, 0, 2, OUTCOME)
        assert store.labels() == {1: "two"}


def test_correction_deletes_the_rounds_that_used_the_label(tmp_path):
    with Store(tmp_path / "curves") as store:
        for sampler, picks in (("one", [[7, 3], [5, 6]]), ("other", [[8, 9], [7, 6]])):
            store.add_batch(sampler, 0, 0, [1, 4], 0.0)
            for i, batch in enumerate([*picks, None]):
                store.add_round(sampler, 0, i, 2 + 2 * i, Outcome(0.5, 1.0, 1.0, None, batch))
        store.add_labels(dict.fromkeys(range(10), 0))
        assert store.correct_labels({7: 1}) == 2 + 1
        assert [each.tolist() for each in store.batches("one", 0)] == [[1, 4], [7, 3]]
        assert [each.tolist() for each in store.batches("other", 0)] == [[1, 4], [8, 9], [7, 6]]
        assert store.frame().groupby("sampler")["round"].max().to_dict() == {"one": 0, "other": 1}
        assert store.labels()[7] == 1 and store.labels()[1] == 0
    Store(tmp_path / "curves").close()


def test_room_for_labels_is_no_setting_afterwards(tmp_path):
    with Store(tmp_path / "curves") as store:
        store.reserve(100)
        assert store.setting("reserved") is None
