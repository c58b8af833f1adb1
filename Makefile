# Every target installs what it needs first; nothing is fetched once .venv is complete.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup sweep full test test-slow lint bench report lock
.DEFAULT_GOAL := setup

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, found " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	# Without it the first asv run on a machine asks questions.
	$(BIN)/asv machine --yes > /dev/null
	touch $(READY)

sweep: setup
	$(BIN)/python -m studies.run mode_sweep

# Every study at its full size: many hours. Stopped at any point, it goes on where it was.
full: setup
	for study in $$($(BIN)/python -m studies.run --list | cut -d ' ' -f 1); do \
	  $(BIN)/python -m studies.run $$study --preset full || exit; done
	$(BIN)/python -m studies.report

report: setup
	$(BIN)/python -m studies.report

test: setup
	$(BIN)/python -m pytest -n auto -m "not slow"

test-slow: setup
	$(BIN)/python -m pytest -n auto -m slow

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The quick profile: one round of each benchmark, in the environment that is there already.
bench: setup
	$(BIN)/asv run --quick --show-stderr --environment existing:$(BIN)/python --set-commit-hash $$(git rev-parse HEAD)

# Renew the frozen set from the ranges in pyproject.toml (needs uv).
lock:
	uv pip compile --universal --python-version 3.11 --extra dev --no-emit-package photonic-weight-generation -o requirements.lock pyproject.toml
