"""What functions and classes do, described so that two versions of them can be told apart."""

import ast
import dis
import inspect
import sys
import sysconfig
import textwrap
import types
from pathlib import Path

MUTATORS = {"add", "append", "clear", "discard", "extend", "insert", "pop", "popleft", "remove"}
MUTATORS |= {"setdefault", "update", "write"}
STORES = ("STORE_GLOBAL", "STORE_DEREF", "STORE_ATTR", "DELETE_ATTR")
LOADS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLOSURE", "LOAD_ATTR")
PLAIN = (str, bytes, int, float, complex, bool, type(None), tuple, frozenset, list, dict, set)


def is_installed(value):
    """Whether a function or class belongs to Python, to skally or to another installed package.

    These are described by their names; the code of all others is looked at.
    """
    name = getattr(value, "__module__", None) or ""
    root = name.split(".")[0]
    if root in ("skally", *sys.builtin_module_names):
        return True
    module = sys.modules.get(name) if root != "__main__" else None
    if module is None:
        return not root  # built-in methods have no module
    file = getattr(module, "__file__", None)
    if file is None:
        return root not in ("", "__main__") and getattr(module, "__spec__", None) is not None
    folders = Path(file).parts
    is_package = "site-packages" in folders or "dist-packages" in folders
    return is_package or Path(sysconfig.get_path("stdlib")) in Path(file).parents


def is_named(value):
    """Whether a function is found in its module under its name, as lambdas are not."""
    return getattr(sys.modules.get(value.__module__), value.__qualname__, None) is value


def public_name(value):
    """Name of a function or class that stays the same when its package moves it to another module.

    For skally it is without the module. For other installed packages it is the shortest path of
    packages under which it is found, and for a user's own the bare name, as its code is compared.
    """
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", repr(value))
    if not is_installed(value):
        return value.__name__
    parts = (getattr(value, "__module__", None) or "builtins").split(".")
    if parts[0] == "skally":
        return f"skally.{name}"
    for n in range(1, len(parts)):
        package = sys.modules.get(".".join(parts[:n]))
        if getattr(package, name, None) is value:
            return ".".join([*parts[:n], name])
    return ".".join([*parts, name])


def code_of(function):
    """Parts of a function that decide what it does: instructions, constants, defaults, closure.

    Functions and classes that it finds among its module's global names are parts too; other global
    values are not, since programs change them.
    """
    code = function.__code__
    changed = changed_names(code)
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    closure = {name: cell_value(cell) for name, cell in cells if name not in changed}
    used = {name: function.__globals__.get(name) for name in sorted(global_names(code))}
    helpers = {
        name: value
        for name, value in used.items()
        if isinstance(value, (type, types.FunctionType)) and not is_installed(value)
    }
    return {
        "instructions": instructions(code, function.__doc__),
        "defaults": [function.__defaults__, function.__kwdefaults__],
        "closure": closure,
        "helpers": helpers,
    }


def cell_value(cell):
    """Value of a closure's variable; None if it has none yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def instructions(code, doc=None):
    """Byte code, names and constants of a code object, without line numbers and docstring."""
    constants = list(code.co_consts)
    if doc is not None and constants and constants[0] == doc:
        constants[0] = None
    parts = [instructions(each) if isinstance(each, types.CodeType) else each for each in constants]
    names = [code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars]
    counts = [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags]
    return [code.co_code, parts, names, counts]


def nested(code):
    """A code object, and those of the functions inside it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from nested(each)


def global_names(code):
    """Names that a function or those inside it may read from its module."""
    return {name for each in nested(code) for name in each.co_names}


def changed_names(code):
    """Variables and attributes that the code itself sets or adds to: its state, no settings."""
    changed = set()
    for each in nested(code):
        steps = list(dis.get_instructions(each))
        for i, step in enumerate(steps):
            after = steps[i + 1 : i + 3]
            if step.opname in STORES:
                changed.add(step.argval)
            elif step.opname in LOADS and isinstance(step.argval, str):
                is_method = after and after[0].opname in ("LOAD_METHOD", "LOAD_ATTR")
                is_item = len(after) == 2 and after[1].opname in (
                    "STORE_SUBSCR",
                    "COPY",
                    "DUP_TOP_TWO",
                )
                if is_item or (is_method and after[0].argval in MUTATORS):
                    changed.add(step.argval)
    return changed


def functions_of(cls):
    """Functions in the body of a class by name: methods, static ones, and those of properties."""
    functions = {}
    for name, value in vars(cls).items():
        value = getattr(value, "__func__", getattr(value, "func", value))  # also cached properties
        parts = {"": value}
        if isinstance(value, property):
            parts = {".get": value.fget, ".set": value.fset, ".delete": value.fdel}
        for part, each in parts.items():
            each = inspect.unwrap(each) if callable(each) else each
            if isinstance(each, types.FunctionType):
                functions[name + part] = each
    return functions


def class_parts(cls):
    """Methods and constants of a user's own class and of its bases, by the name of the class."""
    parts = {}
    for each in cls.__mro__:
        if not is_installed(each):
            functions = functions_of(each)
            parts[each.__name__] = {
                "bases": [public_name(base) for base in each.__bases__],
                "methods": functions,
                "constants": constants_of(each, functions),
            }
    return parts


def constants_of(cls, functions):
    """Values that the body of a class sets.

    A literal is taken from the source, where there is one, since a program may have set the
    attribute to something else by now. What the methods themselves change is left out.
    """
    changed = set().union(*(changed_names(each.__code__) for each in functions.values()))
    values = {
        name: value
        for name, value in vars(cls).items()
        if isinstance(value, PLAIN) and name not in changed and not name.startswith("__")
    }
    written = literals(cls, functions)
    return values | {name: written[name] for name in values.keys() & written.keys()}


def literals(cls, functions):
    """Literals that a class's source sets its attributes to; none if it has no source."""
    try:
        lines, first = inspect.getsourcelines(cls)
        body = ast.parse(textwrap.dedent("".join(lines))).body[0].body
    except (OSError, TypeError, SyntaxError, IndexError, AttributeError):
        return {}
    span = range(first, first + len(lines))
    is_own = any(each.__code__.co_firstlineno in span for each in functions.values())
    found = {}
    for line in body if is_own else ():
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            try:
                found[line.targets[0].id] = ast.literal_eval(line.value)
            except (ValueError, TypeError):
                continue
    return found
