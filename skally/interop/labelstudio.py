"""Tasks for Label Studio in the order of a sampler, and its annotations as labels by position."""

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from sklearn.base import is_classifier

from skally.utils.containers import take
from skally.utils.validation import num_samples

__all__ = ["Labels", "label_config", "make_tasks", "pull", "push", "read_labels", "write_tasks"]

SHOWN = {"text": "Text", "image": "Image", "table": "Table"}
ANSWERS = {"Choices": "choices", "Number": "number", "Rating": "rating"}


@dataclass(frozen=True, eq=False)
class Labels:
    """Labelled rows of a pool.

    Parameters
    ----------
    positions : int array of shape (n,)
        Positions in the pool, ascending.
    X : container of n rows, as the pool
    y : array of shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> from skally.interop.labelstudio import Labels
    >>> labels = Labels(np.array([1]), ["Dear winner"], np.array(["spam"]))
    >>> labels.positions.tolist(), labels.y.tolist()
    ([1], ['spam'])
    """

    positions: np.ndarray
    X: Any
    y: np.ndarray


def label_config(classes=None, *, shows="text"):
    """Labelling configuration of a project: one choice of the classes, or a number.

    Parameters
    ----------
    classes : array-like, default=None
        Without classes, the label is a number.
    shows : {"text", "image", "table"}, default="text"
        What a task shows: a string, the address of an image, or a dict as a table.

    Returns
    -------
    config : str
        XML, for the labelling interface of a project.

    Raises
    ------
    ValueError
        If ``shows`` is none of these, or two classes look alike.

    Examples
    --------
    >>> from skally.interop.labelstudio import label_config
    >>> print(label_config(["ham", "spam"]))
    <View><Text name="sample" value="$sample" />...<Choice value="spam" /></Choices></View>
    """
    if shows not in SHOWN:
        raise ValueError(f"shows == {shows!r}, must be one of {sorted(SHOWN)}.")
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, SHOWN[shows], name="sample", value="$sample")
    if classes is None:
        ElementTree.SubElement(view, "Number", name="label", toName="sample", required="true")
    else:
        choices = ElementTree.SubElement(
            view, "Choices", name="label", toName="sample", choice="single-radio", required="true"
        )
        for name in classes_by_name(classes):
            ElementTree.SubElement(choices, "Choice", value=name)
    return ElementTree.tostring(view, encoding="unicode")


def make_tasks(
    sampler, estimator, X_pool, n_instances=1, *, config, shown, positions=None, X=None, y=None
):
    """Tasks in the order in which a sampler asks for them, with the estimator's predictions.

    Parameters
    ----------
    sampler : sampler
    estimator : fitted estimator
    X_pool : array-like of n_pool rows
        Rows without a label.
    n_instances : int, from 1 to n_pool, default=1
    config : str
        The project's labelling configuration, with one Choices, Number or Rating tag.
    shown : sequence of n_pool values
        What a person sees of each row: text, the address of an image, or a dict for a table.
    positions : int array of shape (n_pool,), default=None
        Positions of the rows in the whole pool; None counts from 0.
    X, y : array-likes, default=None
        Labelled samples, for samplers that need them.

    Returns
    -------
    tasks : list of n_instances dicts
        ``data`` has ``position``, ``utility`` and what is shown. A classifier's prediction has its
        probability as ``score``, where there is one.

    Raises
    ------
    ValueError
        If the configuration has not one tag for a label, or other classes than the estimator, if
        ``shown`` or ``positions`` do not fit the pool, or if ``query`` of the sampler refuses.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import EntropySampler
    >>> from skally.interop.labelstudio import label_config, make_tasks
    >>> model = LogisticRegression().fit([[0.0], [1.0]], ["ham", "spam"])
    >>> tasks = make_tasks(
    ...     EntropySampler(), model, [[-3.0], [0.6]], config=label_config(model.classes_),
    ...     shown=["Dear Ann", "Dear winner"],
    ... )
    >>> tasks[0]["data"]["position"], tasks[0]["predictions"][0]["result"][0]["value"]
    (1, {'choices': ['spam']})
    """
    tag = label_tag(config)
    if is_classifier(estimator) != (tag.tag == "Choices"):
        raise ValueError(f"config has a {tag.tag} tag, must have Choices for classes alone.")
    if tag.tag == "Choices":
        check_classes(tag, estimator.classes_)
    n = num_samples(X_pool)
    positions = np.arange(n) if positions is None else np.asarray(positions)
    for name, values in {"shown": shown, "positions": positions}.items():
        if len(values) != n:
            raise ValueError(f"{name} has {len(values)} values, must have {n}, one for each row.")
    if positions.dtype.kind not in "iu" or len(np.unique(positions)) < n:
        raise ValueError("positions must be distinct integers.")
    rows, utility = sampler.query(estimator, X_pool, n_instances, X=X, y=y, return_utilities=True)
    guesses = predictions_of(estimator, take(X_pool, rows), tag)
    key = shown_key(config, tag)
    shown = shown.tolist() if hasattr(shown, "tolist") else list(shown)
    return [
        {
            "data": {
                key: shown[row],
                "position": int(positions[row]),
                "utility": float(utility[row]) if np.isfinite(utility[row]) else None,
            },
            "predictions": [guess],
        }
        for row, guess in zip(rows, guesses, strict=True)
    ]


def write_tasks(tasks, path):
    """Write tasks to a file for Label Studio's import, whole or not at all.

    Parameters
    ----------
    tasks : list of dicts
        As :func:`make_tasks` returns them.
    path : str or path-like
        A file that is there is replaced.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skally.interop.labelstudio import write_tasks
    >>> tasks = [{"data": {"position": 1, "sample": "Dear winner"}}]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_tasks(tasks, Path(folder, "tasks.json"))
    ...     print(Path(folder, "tasks.json").read_text())
    [{"data": {"position": 1, "sample": "Dear winner"}}]
    """
    path = Path(path)
    beside = path.with_name(path.name + ".part")
    beside.write_text(json.dumps(tasks, allow_nan=False), encoding="utf-8")
    os.replace(beside, path)


def read_labels(tasks, X_pool, *, config, asked, classes=None, several="raise"):
    """Labels of the rows that were annotated, by position.

    Tasks without an annotation, and annotations that were skipped or left empty, give no label.

    Parameters
    ----------
    tasks : str, path-like or list of dicts
        Label Studio's export as JSON, not JSON-MIN, or what :func:`pull` returned.
    X_pool : container of all rows, in which positions count
    config : str
        The project's labelling configuration.
    asked : int array-like
        Positions that were asked for, in this and earlier rounds.
    classes : array-like, default=None
        Classes as they are in y; required for a Choices tag.
    several : {"raise", "majority"}, default="raise"
        Whether different labels of one row are an error, or the most frequent counts. A tie is an
        error too.

    Returns
    -------
    labels : Labels

    Raises
    ------
    ValueError
        If the classes are others than the project's, an annotated row was never asked for or has no
        position, a label cannot be read, or labels of a row differ; the message names all such
        rows. The export is not changed.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> from skally.interop.labelstudio import label_config, read_labels
    >>> value = {"from_name": "label", "value": {"choices": ["spam"]}}
    >>> tasks = [{"data": {"position": 1}, "annotations": [{"result": [value]}]}]
    >>> config = label_config(["ham", "spam"])
    >>> labels = read_labels(tasks, ["a", "b"], config=config, asked=[1], classes=["ham", "spam"])
    >>> labels.positions.tolist(), labels.X, labels.y.tolist()
    ([1], ['b'], ['spam'])
    """
    if several not in ("raise", "majority"):
        raise ValueError(f"several == {several!r}, must be 'raise' or 'majority'.")
    tag, names = label_tag(config), None
    if tag.tag == "Choices":
        if classes is None:
            raise ValueError("classes is None, must be the classes of the Choices tag.")
        names = check_classes(tag, classes)
    answers = answers_by_position(loaded(tasks), tag, names)
    never = sorted(set(answers) - set(np.asarray(asked).tolist()))
    never += sorted(p for p in answers if not 0 <= p < num_samples(X_pool) and p not in never)
    if never:
        raise ValueError(f"Annotated rows {never} were never asked for.")
    positions = sorted(answers)
    chosen = resolved({p: answers[p] for p in positions}, several)
    y = [names[label] for label in chosen] if names is not None else chosen
    dtype = np.asarray(classes).dtype if names is not None else float
    rows = np.array(positions, dtype=int)
    return Labels(rows, take(X_pool, rows), np.array(y, dtype=dtype))


def push(client, project, tasks):
    """Send tasks to a project of a running Label Studio, in their order.

    Parameters
    ----------
    client : label_studio_sdk.LabelStudio, of version 2
    project : int
    tasks : list of dicts

    Raises
    ------
    ValueError
        If the project already has a task for one of the rows; nothing is sent then.

    Examples
    --------
    ``client`` is ``LabelStudio(base_url=..., api_key=...)``, and 7 the number of a project without
    tasks.

    >>> from skally.interop.labelstudio import pull, push
    >>> push(client, 7, [{"data": {"position": 1, "sample": "Dear winner"}}])  # doctest: +SKIP
    >>> [task["data"]["position"] for task in pull(client, 7)]  # doctest: +SKIP
    [1]
    """
    there = {task["data"].get("position") for task in pull(client, project)}
    twice = sorted(there & {task["data"]["position"] for task in tasks})
    if twice:
        raise ValueError(f"Rows {twice} are tasks of project {project} already.")
    client.projects.import_tasks(id=project, request=tasks)


def pull(client, project):
    """All tasks of a project of a running Label Studio, with their annotations.

    Parameters
    ----------
    client : label_studio_sdk.LabelStudio, of version 2
    project : int

    Returns
    -------
    tasks : list of dicts, as in an export as JSON

    Examples
    --------
    ``client`` is ``LabelStudio(base_url=..., api_key=...)``, and 7 the number of a project without
    tasks.

    >>> from skally.interop.labelstudio import pull
    >>> pull(client, 7)  # doctest: +SKIP
    []
    """
    parts = client.projects.exports.download_sync(
        id=project, export_type="JSON", download_all_tasks=True
    )
    return json.loads(b"".join(parts))


def label_tag(config):
    """The one tag of a configuration that asks for a label."""
    try:
        tags = [tag for tag in ElementTree.fromstring(config).iter() if tag.tag in ANSWERS]
    except ElementTree.ParseError as error:
        raise ValueError(f"config is no XML: {error}.") from error
    if len(tags) != 1:
        raise ValueError(f"config has {len(tags)} tags of {sorted(ANSWERS)}, must have 1.")
    if tags[0].get("choice") == "multiple":
        raise ValueError("config allows several choices at once, must allow one.")
    return tags[0]


def shown_key(config, tag):
    """Key in a task's data of what the label's tag belongs to."""
    for shown in ElementTree.fromstring(config).iter():
        if shown.get("name") == tag.get("toName") and shown.get("value", "").startswith("$"):
            return shown.get("value")[1:]
    raise ValueError(f"config shows no {tag.get('toName')!r} with a value such as $sample.")


def classes_by_name(classes):
    """Classes by what Label Studio writes for them."""
    classes = np.asarray(classes).tolist()
    names = {str(each): each for each in classes}
    if len(names) < len(classes):
        raise ValueError(f"classes == {classes}, must differ as strings.")
    return names


def check_classes(tag, classes):
    """Classes by name, unless the project has others."""
    names = classes_by_name(classes)
    theirs = {choice.get("alias", choice.get("value")) for choice in tag.iter("Choice")}
    if theirs != set(names):
        raise ValueError(
            f"The project's classes are {sorted(theirs)}, must be {sorted(names)}, those given."
        )
    return names


def predictions_of(estimator, X, tag):
    """Predictions in Label Studio's form, one for each row."""
    values = np.asarray(estimator.predict(X)).reshape(-1).tolist()
    scores = [None] * len(values)
    if tag.tag == "Choices" and hasattr(estimator, "predict_proba"):
        scores = np.asarray(estimator.predict_proba(X)).max(axis=1).tolist()
    found = []
    for value, score in zip(values, scores, strict=True):
        guess = {"result": [result_of(tag, value)], "model_version": type(estimator).__name__}
        found.append(guess if score is None else {**guess, "score": score})
    return found


def result_of(tag, value):
    """One label in Label Studio's form."""
    if tag.tag == "Choices":
        value = [str(value)]
    elif tag.tag == "Rating":
        value = int(np.clip(round(value), 1, int(tag.get("maxRating", 5))))
    kind = ANSWERS[tag.tag]
    names = {"from_name": tag.get("name"), "to_name": tag.get("toName")}
    return {**names, "type": kind, "value": {kind: value}}


def loaded(tasks):
    """Tasks, read where they are a path."""
    if isinstance(tasks, (str, os.PathLike)):
        try:
            tasks = json.loads(Path(tasks).read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{tasks} is no JSON: {error}.") from error
    if not isinstance(tasks, list) or not all(
        isinstance(task, dict) and isinstance(task.get("data"), dict) for task in tasks
    ):
        raise ValueError("tasks must be a list of tasks with data: an export as JSON.")
    return tasks


def answers_by_position(tasks, tag, names):
    """All labels that were given to each row."""
    answers = {}
    for task in tasks:
        given = [each for each in task.get("annotations", []) if not each.get("was_cancelled")]
        labels = [
            label_of(result, tag, names, task)
            for each in given
            for result in each.get("result", [])
            if result.get("from_name") == tag.get("name")
        ]
        if not labels:
            continue
        position = task["data"].get("position")
        if type(position) is not int:
            raise ValueError(f"Task {task.get('id')} is annotated and has no position.")
        answers.setdefault(position, []).extend(labels)
    return answers


def label_of(result, tag, names, task):
    """Label of one result."""
    value = result.get("value", {}).get(ANSWERS[tag.tag])
    where = f"Row {task['data'].get('position')} has the label {value!r}"
    if names is None:
        if type(value) not in (int, float) or not np.isfinite(value):
            raise ValueError(f"{where}, must be a number.")
        return float(value)
    if not isinstance(value, list) or len(value) != 1 or value[0] not in names:
        raise ValueError(f"{where}, must be one of {sorted(names)}.")
    return value[0]


def resolved(answers, several):
    """One label for each row."""
    chosen, differ = [], {}
    for position, labels in answers.items():
        ranked = Counter(labels).most_common()
        tie = len(ranked) > 1 and (several == "raise" or ranked[0][1] == ranked[1][1])
        if tie:
            differ[position] = labels
        chosen.append(ranked[0][0])
    if differ:
        raise ValueError(f"Rows with different labels: {differ}.")
    return chosen
