# Every target installs what it needs first; nothing is fetched once .venv is complete.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
LOWEST := .venv-lowest
# Where torch alone is taken from, if not from where pip takes it: docs/start.md.
TORCH_INDEX ?=
READY := $(VENV)/.ready

.PHONY: setup sweep full test test-slow test-lowest lint bench report docs hooks lock release
.DEFAULT_GOAL := setup

# Installs what is frozen: $(call install,PROGRAMS,LOCK,EXTRAS THAT IT IS OF). As constraints behind a
# torch without CUDA, a lock brings nothing of CUDA.
EXTRAS := dev,docs
PIP := python -m pip install --quiet --disable-pip-version-check
install = $(if $(TORCH_INDEX),\
  $(1)/$(PIP) --no-deps --index-url $(TORCH_INDEX) "$$(grep '^torch==' $(2))" \
  && $(1)/$(PIP) -c $(2) '.[$(3)]',\
  $(1)/$(PIP) -r $(2))

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, found " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(call install,$(BIN),requirements.lock,$(EXTRAS))
	$(BIN)/$(PIP) --no-deps --no-build-isolation --editable .
	# Without it the first asv run on a machine asks questions.
	$(BIN)/asv machine --yes > /dev/null
	touch $(READY)

# The first study at a size for minutes, in results-quick/.
sweep: setup
	$(BIN)/python -m studies.run mode_sweep

# Every study at its full size: many hours. Stopped at any point, it goes on where it was. On MNIST
# this is what is published in results/, on anything else it is in results-full/. What is published is
# then run unchanged on Fashion-MNIST, as far as another dataset is asked about.
TRANSFERRED := mode_sweep ablation interference frontier
full: setup
	for study in $$($(BIN)/python -m studies.run --list | cut -d ' ' -f 1); do \
	  $(BIN)/python -m studies.run $$study --preset full || exit; done
	for study in $(TRANSFERRED); do \
	  $(BIN)/python -m studies.transfer $$study --dataset fashion-mnist || exit; done
	$(BIN)/python -m studies.report

report: setup
	$(BIN)/python -m studies.report

# The site in docs/_build/html; TUTORIAL_EPOCHS shortens the trainings of its tutorials.
docs: setup
	$(BIN)/python -m sphinx -b html -n -W --keep-going -E docs docs/_build/html

test: setup
	$(BIN)/python -m pytest -n auto --dist worksteal --durations 25 -m "not slow"

test-slow: setup
	$(BIN)/python -m pytest -n auto --durations 25 -m slow $$(grep -rl "mark\.slow" tests)

# The fast tests under the lowest versions that pyproject.toml allows, in an environment of their own.
# They warn of what is to change in versions that are out by now, and use what is old in others.
test-lowest: $(LOWEST)/.ready
	$(LOWEST)/bin/python -m pytest -n auto -m "not slow" -W ignore::DeprecationWarning -W ignore::FutureWarning

$(LOWEST)/.ready: requirements-lowest.lock pyproject.toml
	$(PYTHON) -m venv --clear $(LOWEST)
	$(call install,$(LOWEST)/bin,requirements-lowest.lock,dev)
	$(LOWEST)/bin/$(PIP) --no-deps --no-build-isolation --editable .
	touch $(LOWEST)/.ready

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The quick profile: one round of each benchmark, in the environment that is there already. Rows as
# they grow take two minutes by themselves, most of them to make 20,000 rows, and are left out.
bench: setup
	$(BIN)/asv run --quick --show-stderr --bench '^(?!bookkeeping)' --environment existing:$(BIN)/python --set-commit-hash $$(git rev-parse HEAD)

# Ruff and mypy before each commit, from the environment that is there already.
hooks: setup
	$(BIN)/pre-commit install

# What a release is made of, in dist/: wheel, sdist, archive of the results, and the changelog's notes.
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
release: setup
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist
	$(BIN)/python -m pwg archive
	awk '/^## /{on = $$2 == "$(VERSION)"; next} on' CHANGELOG.md > dist/notes.md
	test -s dist/notes.md

# Renew the frozen sets from the ranges in pyproject.toml (needs uv).
lock:
	uv pip compile --python-version 3.11 --resolution lowest-direct --extra dev --no-emit-package photonic-weight-generation -o requirements-lowest.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --extra dev --extra docs --no-emit-package photonic-weight-generation -o requirements.lock pyproject.toml
