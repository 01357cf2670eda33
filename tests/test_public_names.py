"""Every public name has an example, and its parameters are documented with their defaults."""

import ast
import doctest
import inspect
import math
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
API = (ROOT / "docs" / "api.rst").read_text(encoding="utf-8")
NAMES = re.findall(r"^   (skally\.[\w.]+)$", API, re.MULTILINE)
CONSTANTS = ["skally.paper.PAPER_SETTINGS"]


def public_object(path):
    module, _, name = path.rpartition(".")
    if module == "skally.activeml":
        pytest.importorskip("skactiveml")
    return getattr(import_module(module), name)


def docstring_of_constant(path):
    """What follows the assignment, which Sphinx takes for the docstring."""
    module, _, name = path.rpartition(".")
    source = Path(import_module(module).__file__).read_text(encoding="utf-8")
    body = ast.parse(source).body
    names = [isinstance(node, ast.Assign) and node.targets[0].id for node in body]
    return ast.literal_eval(body[names.index(name) + 1].value)


def sections(docstring):
    """Sections of a docstring, by their headings."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}$", inspect.cleandoc(docstring), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(docstring):
    """Types of the parameters in a docstring, by name."""
    types = {}
    for line in re.findall(r"^(\S.*)$", sections(docstring).get("Parameters", ""), re.MULTILINE):
        names, _, kind = line.partition(" : ")
        types |= {name.lstrip("*"): kind for name in names.split(", ")}
    return types


def own_methods(cls):
    """Public methods that are defined in the package; what it inherits is documented elsewhere."""
    for name in dir(cls):
        method = None if name.startswith("_") else inspect.unwrap(getattr(cls, name))
        if inspect.isfunction(method) or inspect.ismethod(method):
            if method.__module__.startswith("skally"):
                yield name, getattr(cls, name)


def parts_of(public):
    """A public function, or a class and its methods: name, signature and docstring of each."""
    is_class = inspect.isclass(public)
    maker = getattr(public.__init__, "__module__", "of object") if is_class else "itself"
    if not is_class or maker.startswith("skally"):
        yield public.__name__, signature_of(public), inspect.getdoc(public)
    if is_class:
        for name, method in own_methods(public):
            yield name, signature_of(method), inspect.getdoc(method)


def signature_of(function):
    parameters = inspect.signature(function).parameters
    return {name: each.default for name, each in parameters.items() if name != "self"}


def states(kind, default):
    """Whether the type of a parameter ends with its default in scikit-learn's way."""
    _, found, text = kind.partition("default=")
    if default is inspect.Parameter.empty:
        return not found
    if str(default) == "<factory>":  # of a dataclass
        return kind.endswith(", optional")
    if isinstance(default, type):
        return text.rpartition(".")[2] == default.__name__
    if isinstance(default, float) and not math.isfinite(default):
        return text == str(default)
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return False
    return value == default and type(value) is type(default)


def faults(public):
    """What the docstrings of a function, or of a class and its methods, lack."""
    for part, parameters, docstring in parts_of(public):
        if not docstring:
            yield f"{part}: no docstring"
        types = documented(docstring or "")
        yield from (f"{part}: {name} is not documented" for name in parameters.keys() - types)
        yield from (f"{part}: {name} is no parameter" for name in types.keys() - parameters)
        for name in types.keys() & parameters.keys():
            if not states(types[name], parameters[name]):
                yield f"{part}: {name} has not default={parameters[name]!r}"


@pytest.mark.parametrize("path", NAMES)
def test_every_public_name_has_an_example(path):
    docstring = docstring_of_constant(path) if path in CONSTANTS else public_object(path).__doc__
    assert ">>> " in sections(docstring).get("Examples", "")


@pytest.mark.parametrize("path", sorted(set(NAMES) - set(CONSTANTS)))
def test_all_parameters_are_documented_with_their_defaults(path):
    assert sorted(faults(public_object(path))) == []


@pytest.mark.parametrize("path", CONSTANTS)
def test_examples_of_constants_run(path):
    example = doctest.DocTestParser().get_doctest(docstring_of_constant(path), {}, path, None, 0)
    assert doctest.DocTestRunner().run(example).failed == 0


def test_faults_are_found():
    class Faulty:
        """A class.

        Parameters
        ----------
        right, wrong : int, default=1
        missing : float
        unknown : str
        """

        def __init__(self, right=1, wrong=2, missing=None, *, other=True):
            pass

        def method(self, X):
            """Without parameters."""

        def silent(self):
            pass

    for function in (Faulty.__init__, Faulty.method, Faulty.silent):
        function.__module__ = "skally"
    assert sorted(faults(Faulty)) == [
        "Faulty: missing has not default=None",
        "Faulty: other is not documented",
        "Faulty: unknown is no parameter",
        "Faulty: wrong has not default=2",
        "method: X is not documented",
        "silent: no docstring",
    ]
