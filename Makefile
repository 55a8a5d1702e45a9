# Everything a newcomer types. Both `make demo` and `make test` do all their own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEMO := demo
CASES := 10000
RESULTS := results
COUNT := 3
# A process for each core, whole files at a time, the longest files first (tests/conftest.py).
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder
DEMO_MODELS := chance pixels-cosine untrained-conv4 siamese-conv4-euclidean-contrastive \
	prototypical-conv4

.DEFAULT_GOAL := help
.PHONY: help setup demo pages check test test-all fuzz recompute performance lint format build learn2learn clean

help: ## what can be typed
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(INSTALLED) $(VENV)/.learn2learn ## virtual environment, the suite and learn2learn

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the suite into $(VENV) (the first time this fetches PyTorch)..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

$(VENV)/.learn2learn: tools/install_learn2learn.sh $(INSTALLED)
	@sh tools/install_learn2learn.sh $(BIN)/python || true
	@touch $@

learn2learn: $(INSTALLED) ## builds learn2learn alone (needs gcc and the Python headers)
	@sh tools/install_learn2learn.sh $(BIN)/python
	@touch $(VENV)/.learn2learn

demo: setup ## trains and compares models on the embedded glyphs, in under five minutes
	@$(BIN)/oneshot run $(DEMO_MODELS) --task 'glyphs-[0-9]*w1s' --budget quick --seeds 0 \
		--results $(DEMO)/results --work $(DEMO)/work
	@$(BIN)/oneshot leaderboard --results $(DEMO)/results

pages: setup ## tables, pages, figures, and the documents that quote records, made anew
	@$(BIN)/oneshot leaderboard
	@$(BIN)/python tools/update_readme.py
	@$(BIN)/python tools/update_findings.py
	@$(BIN)/python tools/update_statistics.py

check: setup lint ## style, types and the quick tests, in under a minute
	@$(PYTEST) -m "not heavy"

test: setup lint ## style, types and the test suite, in about ten minutes
	@$(PYTEST) -m "not slow"

test-all: setup lint ## the test suite with its long runs
	@$(PYTEST)

fuzz: setup ## corrupt records, archives, images, tables ...: 10,000 of each kind (about ten minutes)
	@PYTHONPATH=tests/fuzz $(BIN)/python -m bent --cases $(CASES)

recompute: setup ## measures COUNT records of RESULTS again in isolation, as continuous integration does
	@ONESHOT=$(CURDIR)/$(BIN)/oneshot sh tools/recompute_isolated.sh $(RESULTS) $(COUNT)

performance: setup ## measures speed and memory beside the peers, writes docs/performance.md
	@$(BIN)/python tests/performance

lint: $(INSTALLED)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(INSTALLED) ## formats the sources
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

build: $(INSTALLED) ## wheel and source archive in dist/
	@$(BIN)/python -m build --outdir dist .

clean: ## removes what make demo and make build wrote
	@rm -rf $(DEMO) dist build
