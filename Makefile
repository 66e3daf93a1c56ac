# Siyu Cockpit. `make` alone prints what there is.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
DEV_STAMP := .venv/.installed-dev
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Whatever the shell says: without kept bytecode every process compiles all libraries anew, 5 seconds each time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test verify check bench demo pictures clean browser

help: ## print this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

run: $(STAMP) ## install what is needed, fill the demo brand when absent, start worker and app
	@$(BIN)/python -m core start

test: $(DEV_STAMP) browser ## all tests but the long ones, those in a browser included
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not long"

verify: $(DEV_STAMP) browser ## the long tests as well: 50 kills, load, full sets
	@SIYU_KILLS=50 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(DEV_STAMP) ## format, lint, types on core, import rings, dead code, stale docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/vulture
	@$(BIN)/python -m pytest tests/test_rings.py
	@$(BIN)/python -m core catalog --check docs/metrics.md

bench: $(DEV_STAMP) ## benchmarks, each beside its rival in the same run
	@$(BIN)/python -m tests.benchmarks

demo: $(STAMP) ## fill the demo brand anew; make demo EVENTS=10000000 for a large one
	@$(BIN)/python -m core demo --anew $(if $(EVENTS),--events $(EVENTS))

pictures: $(DEV_STAMP) browser ## pictures of every page in .make/pictures, to be looked at
	@$(BIN)/python -m tests.e2e.pictures

clean: ## remove the virtual environment and caches, never data
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis .make
	find core dashboard tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements.txt constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what the product runs on …"
	@$(PIP) install -r requirements.txt
	@touch $@

$(DEV_STAMP): $(STAMP) requirements-dev.txt
	@echo "Installing what tests and checks need …"
	@$(PIP) install -r requirements-dev.txt
	@touch $@

browser:
	@command -v chromium >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "Browser tests need chromium: install Debian's package chromium."; exit 1; }; \
	  echo "Installing chromium …"; apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; }
