# make demo         install into .venv and run the demo
# make test         lint, tests and docstring examples with the newest packages
# make test-oldest  the same tests with the oldest packages of setup.py
# make lint         ruff alone
# make docs         the documentation, at docs/_build/html/index.html
# make clean        remove all that these have made
#
# PYTHON=python3.12 make ... picks an interpreter, OLDEST_PYTHON= the one for test-oldest,
# WORKERS= how many processes share the tests.

PYTHON ?= python3
OLDEST_PYTHON ?= $(PYTHON)

VENV := .venv
OLDEST := .venv-oldest
# pip picks modAL 0.4.1, since 0.4.2.1 pins a skorch that current Python tools can't install.
MODAL := .modal-0.4.2.1

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export MPLBACKEND := Agg

# The data sets of a development checkout lie beside it; elsewhere the fetchers use their cache.
ifneq ($(wildcard ../shared/data),)
export SKALLY_DATA ?= $(abspath ../shared/data)
endif

# Workers that share the tests, each on one thread.
WORKERS ?= 2
test test-oldest: export OMP_NUM_THREADS := 1
PYTEST_ALL := -m pytest -n $(WORKERS) --dist worksteal --doctest-modules --doctest-glob="*.rst" tests skally README.rst $(wildcard docs/*.rst)
PYTEST_MODAL := -m pytest $(wildcard tests/*/test_modal*.py)

.PHONY: demo test test-oldest lint docs clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed-plot
	$(VENV)/bin/python examples/demo.py

test: lint $(VENV)/installed-test $(MODAL)/installed
	PYTHONPATH=$(MODAL) $(VENV)/bin/python $(PYTEST_MODAL)
	$(VENV)/bin/python $(PYTEST_ALL)

test-oldest: $(OLDEST)/installed-test $(MODAL)/installed
	PYTHONPATH=$(MODAL) $(OLDEST)/bin/python $(PYTEST_MODAL)
	$(OLDEST)/bin/python $(PYTEST_ALL)

lint: $(VENV)/installed-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports --no-logo --no-cache

docs: $(VENV)/installed-docs
	$(VENV)/bin/sphinx-build -W --keep-going -b html docs docs/_build/html

clean:
	rm -rf $(VENV) $(OLDEST) $(MODAL) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	rm -rf docs/_build docs/generated docs/auto_examples docs/sg_execution_times.rst demo.png
	find skally tests examples docs -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps say which extras are installed, so that a second make installs nothing.

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed-%: setup.py constraints/dev.txt | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet -c constraints/dev.txt -e ".[$*]"
	touch $@

$(OLDEST)/bin/python:
	$(OLDEST_PYTHON) -m venv $(OLDEST)

$(OLDEST)/installed-test: setup.py constraints/oldest.txt | $(OLDEST)/bin/python
	$(OLDEST)/bin/python -m pip install --quiet -c constraints/oldest.txt -e ".[test]"
	touch $@

$(MODAL)/installed: | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --no-deps --target $(MODAL) modAL-python==0.4.2.1
	touch $@
