# Two commands matter to a newcomer: `make demo` and `make test`. Both need Python >= 3.11, git and make, and install the rest into .venv.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# The locks are whole, so nothing is resolved anew: older releases of pip would look beyond a lock for what is asked for with an extra.
LOCKED := $(PIP) install --no-compile --no-deps --require-hashes
T ?= tests
WORKERS ?= 2
export PYTHONPATH := src
# Tests start hundreds of programs: each would read all its sources anew where Python is told to keep nothing of them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install demo docs coverage sizes test check format bench audit powercut kills test-engines oracles postgresql mariadb chromium dovecot lock sizes clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.core ## put upheld and what it needs into .venv

demo: $(VENV)/.web ## tell the story of the sample shop, then run it until Ctrl-C (ARGS=--no-serve: end after the story)
	@PYTHONPATH=src:. $(BIN)/python -m examples.shop $(ARGS)

test: $(VENV)/.dev postgresql mariadb chromium dovecot ## all tests but those of the big engines (T=tests/policy for a part)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not spark and not clickhouse and not slow" $(T)

test-engines: $(VENV)/.engines ## the SQL executed on Spark (needs Java) and ClickHouse
	@command -v java >/dev/null || { echo "make test-engines: Spark needs Java 17 or newer: apt-get install default-jre-headless" >&2; exit 1; }
	$(BIN)/python -m pytest -m "spark or clickhouse" $(if $(filter tests,$(T)),tests/engines tests/differential tests/gate/test_engines.py tests/people/test_pairing.py,$(T))

oracles: $(VENV)/.dev ## Cedar and Rego asked 100,000 mixed questions on each of two policies, beside the reference
	$(BIN)/python -m pytest -n $(WORKERS) -s -m slow tests/differential/foreign

powercut: $(VENV)/.dev ## 100,000 simulated power cuts of the record
	$(BIN)/python -m benches.powercut

kills: $(VENV)/.dev ## kill a worker before each single step of each handler of a removal
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m slow tests/requests/test_kills.py

check: $(VENV)/.dev ## ruff, mypy --strict, import-linter, the tests of house and documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q -n $(WORKERS) tests/test_house.py tests/test_docs.py

format: $(VENV)/.dev ## let ruff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

coverage: $(VENV)/.dev postgresql mariadb chromium dovecot ## branch coverage; fails below 100 % in policy, gate, ledger, choices
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q -m "not spark and not clickhouse and not slow" --cov --cov-report= tests
	$(BIN)/python -m coverage report --include='src/upheld/policy/*,src/upheld/gate/*,src/upheld/ledger/*,src/upheld/choices/*' --fail-under=100

bench: $(VENV)/.bench ## measure, beside peers; writes benches/results
	$(BIN)/python -m benches $(B)

audit: $(VENV)/.dev ## known faults of the locked dependencies; fails when it could check nothing
	$(BIN)/python tools/audit.py requirements/engines.txt requirements/bench.txt

postgresql:
	@tools/postgresql.sh

chromium:
	@tools/chromium.sh

dovecot:
	@tools/dovecot.sh

mariadb:
	@tools/mariadb.sh

docs: $(VENV)/.dev ## write the pages that are made from the program
	$(BIN)/python -m tools.cli_reference
	$(BIN)/python -m tools.catalogue
	$(BIN)/python -m tools.law_page

sizes: $(VENV)/.core ## what the installation weighs
	@du -sm $(VENV) | awk '{print $$1 " MB in all"}'; du -sm $(VENV)/lib/python3*/site-packages/* | sort -rn | head -12

lock: $(VENV)/.dev ## lock the newest allowed versions, with hashes
	tools/lock.sh $(BIN)/uv

clean: ## remove what was installed and made
	rm -rf $(VENV) demo-home .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache .coverage*

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer was found; say which with PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "make: $(PYTHON) cannot make an environment; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.core: requirements/core.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing upheld into $(VENV) ..."
	@$(LOCKED) -r requirements/core.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.web: requirements/web.txt $(VENV)/.core
	@echo "installing what the sites need into $(VENV) ..."
	@$(LOCKED) -r requirements/web.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.core
	@echo "installing what tests and checks need into $(VENV) ..."
	@$(LOCKED) -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.dev
	@echo "installing the peers to measure beside into $(VENV) ..."
	@$(LOCKED) -r requirements/bench.txt
	@touch $@

$(VENV)/.engines: requirements/engines.txt $(VENV)/.dev
	@echo "installing Spark and ClickHouse (about 1 GB) into $(VENV) ..."
	@$(LOCKED) -r requirements/engines.txt
	@touch $@
