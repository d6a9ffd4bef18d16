# Every target sets up what it needs by itself; the environment is .venv in this checkout.
#
#   make demo        run the main job on a small library (MUSIC=/path/to/folder for your own)
#   make serve       answer over HTTP on this machine (PORT=8000)
#   make test        style, types, import layers, doctests, unit, property and contract tests
#   make test-explore  property tests with new examples (ROUNDS=10 times; make test draws the same ones everywhere)
#   make test-slow   kills, real databases, thousands of files, memory
#   make docs        write the reference pages that are made from the program (docs/commands.md and others)
#   make screenshots  take the pictures of the command line (COLUMNS=80 wide) and of the page anew
#   make wheel       build sdist and wheel, and try the wheel outside this checkout
#   make bench       accuracy and speed against the last kept numbers

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Modules go to whoever is free, in their order: the doctests and the server's, which are short, fill the end.
PYTEST  = $(RUN) $(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder
# Hundreds of processes start in the tests: what the first compiled, the others read.
RUN    := env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
EXTRAS ?= test
HOURS  ?= 0.1667
ROUNDS ?= 10
PORT   ?= 8000

.PHONY: help setup demo serve check-training test test-explore test-slow check format bench soak docs screenshots wheel clean

help:
	@sed -n 's/^#   //p' Makefile

# --- environment --------------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Sonoteca needs Python 3.11 or newer; found $$($(PYTHON) --version 2>&1). Name one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv module is missing. Install it with:  sudo apt-get install -y python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	@touch $@ $(VENV)/.installed

setup: $(VENV)/.installed-test

# What writes a client from the OpenAPI document wants an older typer than ours: it has an environment of its own.
$(VENV)/generator/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/generator
	$(VENV)/generator/bin/python -m pip install --quiet --disable-pip-version-check 'openapi-python-client>=0.29.1,<0.30'
	@touch $@

# --- use ----------------------------------------------------------------------------------------

demo: $(VENV)/.installed
	$(BIN)/sonoteca demo $(if $(MUSIC),--music '$(MUSIC)')

serve: $(VENV)/.installed
	$(BIN)/sonoteca serve --port $(PORT)

# The page's own code is looked at where node and its tools are (npm install); nothing else needs them.
PAGE := src/sonoteca/web tests/web/js
PAGE_TOOLS := command -v node >/dev/null && test -x node_modules/.bin/eslint

# --- check --------------------------------------------------------------------------------------

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .
	if $(PAGE_TOOLS); then node_modules/.bin/prettier --write --log-level warn $(PAGE); fi

check: $(VENV)/.installed-test
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	if $(PAGE_TOOLS); then node_modules/.bin/eslint $(PAGE) && node_modules/.bin/prettier --check --log-level warn $(PAGE); fi

# Folders whose scripts each folder of training imports from beside its own.
check-training: $(VENV)/.installed-test
	for pair in harmony: labels: match: melody: rhythm: embedding:training/labels \
	    stems:training/harmony:training/rhythm:training/melody; do \
	  MYPYPATH=src:.:training/$${pair%%:*}:$${pair#*:} $(BIN)/mypy --config-file training/mypy.ini \
	    --cache-dir .mypy_cache/training training/$${pair%%:*} || exit 1; \
	done

# The types of the package and those of training are read side by side, each into its own cache.
test: $(VENV)/.installed-test
	$(MAKE) --jobs 2 check check-training
	rm -f .coverage .coverage.*
	$(PYTEST) --cov --cov-report=
	$(BIN)/python tests/coverage_by_package.py

test-explore: $(VENV)/.installed-test
	for round in $$(seq $(ROUNDS)); do \
	  $(RUN) $(BIN)/python -m pytest -n 2 -q -m hypothesis --hypothesis-profile explore tests || exit 1; \
	done

test-slow: $(VENV)/.installed-test $(VENV)/generator/.installed
	$(PYTEST) -m slow --timeout 1500

soak: $(VENV)/.installed-test
	$(RUN) $(BIN)/python -m sonoteca.upkeep.soak --hours $(HOURS)

bench: $(VENV)/.installed-test
	$(RUN) $(BIN)/python -m bench $(BENCH)

docs: $(VENV)/.installed-test
	$(BIN)/python docs/reference_pages.py

screenshots: $(VENV)/.installed-test
	$(BIN)/python docs/screenshots.py $(if $(COLUMNS),--columns $(COLUMNS))
	$(BIN)/python docs/page_pictures.py

wheel: $(VENV)/.installed-test
	.ci/try_wheel $(BIN)/python

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.*
