# make demo          install into .venv and run the demo
# make test          lint, tests and docstring examples with the packages of constraints/dev.txt
# make test-newest   the tests with the newest packages, torch excepted
# make test-oldest   the tests with the oldest packages of setup.py, for Python 3.10 and 3.11
# make test-kernels  the numeric tests with the kernels of several processors
# make dist-test     build wheel and source archive, install each elsewhere, and try it
# make lint          ruff and import-linter alone
# make docs          run the examples, build docs/_build/html/index.html, and follow all of its links
# make lock          renew constraints/dev.txt and constraints/oldest.txt
# make clean         remove all that these have made
#
# PYTHON=python3.12 make ... picks an interpreter, OLDEST_PYTHON= the one for test-oldest,
# WORKERS= how many processes share the tests.

PYTHON ?= python3
OLDEST_PYTHON ?= $(PYTHON)

VENV := .venv
NEWEST := .venv-newest
OLDEST := .venv-oldest
TOOLS := .venv-tools
# pip picks modAL 0.4.1, since 0.4.2.1 pins a skorch that current Python tools can't install.
MODAL := .modal-0.4.2.1
# The last scikit-activeml that has its tests in the package; the one that is tested is newer.
TEMPLATES := .skactiveml-0.5.2

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export MPLBACKEND := Agg

# The data sets of a development checkout lie beside it; elsewhere the fetchers use their cache.
ifneq ($(wildcard ../shared/data),)
export SKALLY_DATA ?= $(abspath ../shared/data)
endif

# Workers that share the tests, each on one thread. What hypothesis draws is the same each time.
WORKERS ?= 2
test test-newest test-oldest: export OMP_NUM_THREADS := 1
PYTEST := -m pytest -n $(WORKERS) --dist worksteal --hypothesis-seed=0 --doctest-modules
PYTEST_ALL := $(PYTEST) --doctest-glob="*.rst" tests skally README.rst $(wildcard docs/*.rst docs/tutorials/*.rst)
PYTEST_MODAL := -m pytest $(wildcard tests/*/test_modal*.py)
# The newest packages may warn about themselves, but not about what skally does.
OURS := -o "filterwarnings=error:::(skally|tests|__main__)"
# Folders that compute; the others are about files, pictures and processes.
NUMERIC := functional nets pool samplers synthesis stopping

.PHONY: demo test test-newest test-oldest test-kernels dist-test lint docs lock clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed-plot
	$(VENV)/bin/python examples/demo.py

test: lint $(VENV)/installed-test $(MODAL)/installed $(TEMPLATES)/installed
	PYTHONPATH=$(MODAL) $(VENV)/bin/python $(PYTEST_MODAL)
	$(VENV)/bin/python $(PYTEST_ALL)

test-newest: $(NEWEST)/bin/python $(MODAL)/installed $(TEMPLATES)/installed
	$(NEWEST)/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager -c constraints/dev.in -e ".[test,activeml]"
	PYTHONPATH=$(MODAL) $(NEWEST)/bin/python $(PYTEST_MODAL) $(OURS)
	$(NEWEST)/bin/python $(PYTEST_ALL) $(OURS)

test-oldest: $(OLDEST)/installed-test $(MODAL)/installed
	PYTHONPATH=$(MODAL) $(OLDEST)/bin/python $(PYTEST_MODAL)
	$(OLDEST)/bin/python $(PYTEST_ALL)

test-kernels: $(VENV)/installed-test
	$(VENV)/bin/python tests/kernels.py $(PYTEST) $(NUMERIC:%=tests/%) $(NUMERIC:%=skally/%)

# Installed in a folder of its own, since in the tree Python would import the tree.
dist-test: $(TOOLS)/installed
	rm -rf build dist
	$(TOOLS)/bin/python -m build --quiet --no-isolation
	$(TOOLS)/bin/python -m twine check --strict dist/*
	set -e; empty=$$(mktemp -d); trap "rm -rf $$empty" EXIT; for archive in dist/*; do \
		$(PYTHON) -m venv --clear $$empty; \
		$$empty/bin/python -m pip install --quiet -c constraints/dev.txt $$archive; \
		(cd $$empty; bin/python -I $(CURDIR)/tests/smoke.py); \
	done

lint: $(VENV)/installed-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports --no-logo --no-cache

# The examples run again if they have changed; pages that are no more would be found by the walk.
docs: $(VENV)/installed-docs
	rm -rf docs/_build
	$(VENV)/bin/sphinx-build -W --keep-going -b html docs docs/_build/html
	$(VENV)/bin/python tests/walk_site.py docs/_build/html

# One file for all Pythons and systems. uv doesn't read pip's settings, so none of them gets in.
LOCK := $(TOOLS)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.10
LOCK += --no-annotate --custom-compile-command "make lock"
lock: $(TOOLS)/installed
	$(LOCK) --all-extras setup.py constraints/dev.in -o constraints/dev.txt
	$(LOCK) --extra test setup.py constraints/oldest.in -o constraints/oldest.txt

clean:
	rm -rf $(VENV) $(NEWEST) $(OLDEST) $(TOOLS) $(MODAL) $(TEMPLATES) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	rm -rf docs/_build docs/generated docs/auto_examples docs/strategies demo.png
	find skally tests examples docs -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps say what is installed, so that a second make installs nothing. Without isolation skally is
# built by the setuptools of the lock, and not by the newest.

$(VENV)/bin/python $(NEWEST)/bin/python $(TOOLS)/bin/python:
	$(PYTHON) -m venv $(@:/bin/python=)

$(OLDEST)/bin/python:
	$(OLDEST_PYTHON) -m venv $(OLDEST)

# The oldest NumPy is too old for scikit-activeml, so that it is no part of the extra.
$(VENV)/installed-test: EXTRAS := test,activeml

$(VENV)/installed-%: setup.py constraints/dev.txt | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet -c constraints/dev.txt setuptools
	$(VENV)/bin/python -m pip install --quiet -c constraints/dev.txt --no-build-isolation -e ".[$(or $(EXTRAS),$*)]"
	touch $@

$(OLDEST)/installed-test: setup.py constraints/oldest.txt | $(OLDEST)/bin/python
	$(OLDEST)/bin/python -m pip install --quiet -c constraints/oldest.txt setuptools
	$(OLDEST)/bin/python -m pip install --quiet -c constraints/oldest.txt --no-build-isolation -e ".[test]"
	touch $@

$(TOOLS)/installed: constraints/dev.txt | $(TOOLS)/bin/python
	$(TOOLS)/bin/python -m pip install --quiet -c constraints/dev.txt build setuptools twine uv
	touch $@

$(MODAL)/installed: | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --no-deps --target $(MODAL) modAL-python==0.4.2.1
	touch $@

$(TEMPLATES)/installed: | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --no-deps --target $(TEMPLATES) scikit-activeml==0.5.2
	touch $@
