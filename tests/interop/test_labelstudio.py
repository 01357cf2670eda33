"""Tasks out and labels back, by file."""

import doctest
import json
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from skally import EntropySampler, GreedyInputSampler
from skally.interop import labelstudio
from skally.interop.labelstudio import label_config, make_tasks, read_labels, write_tasks

CLASSES = [3, 7]
CONFIG = label_config(CLASSES)
POOL = np.linspace(-3, 3, 12)[:, None]
TEXTS = [f"row {i}" for i in range(12)]


def model():
    return LogisticRegression().fit([[-1.0], [1.5]], CLASSES)


def tasks_of(n=5, **options):
    return make_tasks(EntropySampler(), model(), POOL, n, config=CONFIG, shown=TEXTS, **options)


def annotated(task, *labels, **more):
    results = [
        [{"from_name": "label", "type": "choices", "value": {"choices": [each]}}] for each in labels
    ]
    return {**task, "annotations": [{"result": result, **more} for result in results]}


def read(tasks, asked=tuple(range(12)), config=CONFIG, classes=CLASSES, **options):
    return read_labels(tasks, POOL, config=config, asked=asked, classes=classes, **options)


def test_tasks_have_the_order_utility_and_prediction_of_the_query():
    rows, utility = EntropySampler().query(model(), POOL, 5, return_utilities=True)
    tasks = tasks_of(positions=np.arange(100, 112))
    assert [task["data"]["position"] for task in tasks] == (rows + 100).tolist()
    for row, task in zip(rows, tasks, strict=True):
        assert task["data"]["sample"] == TEXTS[row]
        assert task["data"]["utility"] == pytest.approx(utility[row])
        (guess,) = task["predictions"]
        assert guess["result"][0]["value"] == {"choices": [str(model().predict(POOL[[row]])[0])]}
        assert guess["score"] == pytest.approx(model().predict_proba(POOL[[row]]).max())


def test_labels_come_back_by_position_from_a_file_in_any_order(tmp_path):
    tasks = tasks_of()
    truth = {task["data"]["position"]: CLASSES[i % 2] for i, task in enumerate(tasks)}
    done = [annotated(task, str(truth[task["data"]["position"]])) for task in tasks[::-1]]
    write_tasks(done, tmp_path / "export.json")
    labels = read(tmp_path / "export.json")
    assert dict(zip(labels.positions.tolist(), labels.y.tolist(), strict=True)) == truth
    assert np.array_equal(labels.X, POOL[labels.positions])
    assert [path.name for path in tmp_path.iterdir()] == ["export.json"]


def test_skipped_empty_and_open_tasks_have_no_label():
    tasks = tasks_of(4)
    skipped = annotated(tasks[0], "3", was_cancelled=True)
    empty = {**tasks[1], "annotations": [{"result": []}]}
    labels = read([skipped, empty, tasks[2], annotated(tasks[3], "7")])
    assert labels.positions.tolist() == [tasks[3]["data"]["position"]]
    assert labels.y.tolist() == [7]


def test_different_labels_of_a_row_are_named_or_decided_by_majority():
    task = tasks_of(1)[0]
    position = task["data"]["position"]
    with pytest.raises(ValueError, match=rf"different labels: {{{position}: \['3', '7', '7'\]}}"):
        read([annotated(task, "3"), annotated(task, "7", "7")])
    assert read([annotated(task, "3", "7", "7")], several="majority").y.tolist() == [7]
    with pytest.raises(ValueError, match="different labels"):
        read([annotated(task, "3", "7")], several="majority")


def test_other_classes_are_refused_before_tasks_are_made_or_labels_read():
    other = label_config([3, 8])
    with pytest.raises(ValueError, match=r"classes are \['3', '8'\], must be \['3', '7'\]"):
        make_tasks(EntropySampler(), model(), POOL, config=other, shown=TEXTS)
    with pytest.raises(ValueError, match=r"classes are \['3', '8'\]"):
        read([], config=other)
    with pytest.raises(ValueError, match="must differ as strings"):
        label_config(np.array([1, "1"], dtype=object))


def test_rows_that_were_never_asked_for_are_named():
    task = tasks_of(1)[0]
    with pytest.raises(ValueError, match="never asked for"):
        read([annotated(task, "3")], asked=[0])
    task["data"]["position"] = 12
    with pytest.raises(ValueError, match=r"\[12\] were never asked for"):
        read([annotated(task, "3")], asked=[12])
    del task["data"]["position"]
    with pytest.raises(ValueError, match="has no position"):
        read([annotated(task, "3")])


def test_unknown_labels_and_files_that_are_no_export_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"'9'.*must be one of"):
        read([annotated(tasks_of(1)[0], "9")])
    (tmp_path / "cut.json").write_text("[{")
    with pytest.raises(ValueError, match="is no JSON"):
        read(tmp_path / "cut.json")
    (tmp_path / "min.json").write_text(json.dumps([{"position": 3, "label": "3"}]))
    with pytest.raises(ValueError, match="an export as JSON"):
        read(tmp_path / "min.json")
    with pytest.raises(OSError):
        write_tasks([], tmp_path / "none" / "tasks.json")


@pytest.mark.parametrize(("tag", "value"), [("number", 4.5), ("rating", 4)])
def test_regression_by_number_or_rating(tag, value):
    config = label_config()
    if tag == "rating":
        config = config.replace("<Number", '<Rating maxRating="5"')
    line = LinearRegression().fit([[0.0], [1.0]], [0.0, 10.0])
    (task,) = make_tasks(GreedyInputSampler(), line, POOL, config=config, shown=TEXTS, X=[[0.0]],
                         y=[0.0])  # fmt: skip
    guess = task["predictions"][0]["result"][0]["value"][tag]
    expected = line.predict(POOL[[task["data"]["position"]]])[0]
    assert guess == pytest.approx(expected if tag == "number" else np.clip(expected, 1, 5))
    result = {"from_name": "label", "value": {tag: value}}
    labels = read([{**task, "annotations": [{"result": [result]}]}], config=config, classes=None)
    assert labels.y.tolist() == [value]


def test_examples_of_push_and_pull_run_with_a_client_that_keeps_tasks():
    for function in (labelstudio.pull, labelstudio.push):
        text = function.__doc__.replace("# doctest: +SKIP", "")
        names = {"client": client_without_server()}
        example = doctest.DocTestParser().get_doctest(text, names, function.__name__, None, 0)
        assert len(example.examples) > 1
        assert doctest.DocTestRunner().run(example).failed == 0


def client_without_server():
    """What ``push`` and ``pull`` call of label_studio_sdk's client, for one project."""
    kept = []

    def download_sync(id, export_type, download_all_tasks):
        assert (export_type, download_all_tasks) == ("JSON", True)
        return [json.dumps(kept).encode()]

    def import_tasks(id, request):
        kept.extend(request)

    exports = SimpleNamespace(download_sync=download_sync)
    return SimpleNamespace(projects=SimpleNamespace(import_tasks=import_tasks, exports=exports))
