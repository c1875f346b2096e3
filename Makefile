# Everything is installed into .venv, pinned by constraints.txt; nothing else on the machine is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EVOQ := $(BIN)/evoq
PIP := PIP_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet

# make run                the desk, until Ctrl-C
# make run ONCE=1         the desk, until its first leaderboard
# make run CANDLES="one.parquet two.parquet" POPULATION=1034 GENERATIONS=10 SEED=7   evolution on files of yours
ONCE ?=
CANDLES ?=
POPULATION ?= 1034
GENERATIONS ?= 10
SEED ?= 7
# Most tests run in two processes, each file whole in one of them; those that are marked "alone" follow one by one.
PARALLEL := --numprocesses 2 --dist loadfile

.PHONY: run test test-all setup check browser bench bench-ray bench-evolution bench-evidence bench-regime bench-choices bench-push bench-api bench-ui screenshots chaos lock clean

run: $(VENV)/.run
ifeq ($(strip $(CANDLES)),)
	@$(EVOQ) up --foreground $(if $(ONCE),--once)
else
	@$(EVOQ) evolve --ray local --population $(POPULATION) --generations $(GENERATIONS) --seed $(SEED) \
	$(foreach file,$(CANDLES),--candles $(file))
endif

setup: $(VENV)/.run

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What drives the control panel in the tests; where none can be had they are skipped, with EVOQ_REQUIRE_ALL=1 they fail.
browser: $(VENV)/.test
	@$(BIN)/python benchmarks/panel_browser/find_browser.py

test: check browser
	$(BIN)/python -m pytest $(PARALLEL) -m "not long and not alone"
	$(BIN)/python -m pytest -m "not long and alone"

test-all: check browser
	$(BIN)/python -m pytest $(PARALLEL) -m "not alone"
	$(BIN)/python -m pytest -m "alone"
	$(MAKE) bench bench-ray bench-evolution bench-evidence bench-regime bench-choices bench-push bench-api bench-ui

bench: $(VENV)/.test
	$(BIN)/python benchmarks/bench_backtest.py

bench-ray: $(VENV)/.test
	$(BIN)/python benchmarks/bench_ray.py

bench-evolution: $(VENV)/.test
	$(BIN)/python benchmarks/bench_evolution.py --json docs/bench_evolution.json --document docs/benchmarks.md

# An hour on two cores the first time. It goes on where it was interrupted, and measures anew only what changed.
bench-evidence: $(VENV)/.test
	$(BIN)/python benchmarks/bench_evidence.py --json docs/bench_evidence.json --document docs/benchmarks.md

# Forty minutes on two cores the first time; it goes on where it was interrupted too.
bench-regime: $(VENV)/.test
	$(BIN)/python benchmarks/bench_regime_rolls.py --document docs/benchmarks.md

# Ten minutes for the operators, half an hour for migration; it goes on where it was interrupted too.
bench-choices: $(VENV)/.test
	$(BIN)/python benchmarks/bench_choices.py --json docs/bench_choices.json --document docs/benchmarks.md

bench-push: $(VENV)/.test
	$(BIN)/python benchmarks/bench_push.py --json docs/bench_push.json --document docs/benchmarks.md

bench-api: $(VENV)/.test
	$(BIN)/python benchmarks/bench_api.py --json docs/bench_api.json --document docs/benchmarks.md

# Fills a database with a million trades first, and needs a browser.
bench-ui: browser
	$(BIN)/python benchmarks/bench_ui.py --json docs/bench_ui.json --document docs/benchmarks.md

# Half an hour. Every page of the control panel as a picture; fonts for Chinese are needed.
screenshots: browser
	$(BIN)/python benchmarks/screenshots.py --folder docs/screenshots

# Half an hour: kills, freezes and starves every part of a desk, and measures how long it takes to recover.
chaos: $(VENV)/.test
	$(BIN)/python benchmarks/bench_chaos.py --json docs/bench_chaos.json --document docs/reliability.md

# Resolve the newest versions that pyproject.toml allows, in a fresh environment, and pin them.
lock:
	rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --upgrade setuptools --editable '.[bench,test]'
	$(VENV)-lock/bin/python -m pip freeze --all --exclude-editable --exclude pip > constraints.txt
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Evoq needs Python 3.11 or newer, this is %d.%d; run make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv does not work here; install your system's python3-venv package" >&2; exit 2; }

$(VENV)/.run: $(BIN)/python pyproject.toml constraints.txt
	@echo "setting up $(VENV) (once; a few minutes)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@echo "adding what the tests need"
	@$(PIP) --editable '.[bench,test]'
	@touch $@
