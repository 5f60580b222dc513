# Everything runs in .venv; each target sets up what is missing.
PYTHON ?= python3
SCALE ?= 1
STORE ?= folkestrom-store
# Where the public web site of the demonstration lies, and answers.
RELEASES ?= folkestrom-site
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
# The system's certificates: some networks, and pip too, have their own.
UV := $(VENV)/bin/uv --system-certs
STAMP := $(VENV)/.installed
IN_TWOS := $(BIN)/python -m pytest --quiet --numprocesses 2 --dist worksteal
# Other programs that the mobility model is compared with; some need older libraries than ours.
PEERS := .venv-peers
# Clients of statistics banks that need other libraries than ours, some of them a newer Python.
CLIENTS := .venv-clients
NEWER := python3.13 python3.12 $(wildcard $(HOME)/.pyenv/versions/3.1[23].*/bin/python)
COMPILED := $(VENV)/.compiled
COMPILED_ANALYSIS := $(VENV)/.compiled-analysis
FIND_KERNELS := grep -rl --include=*.py -e njit -e '@kernel' -e '(kernel,'
KERNELS := $(shell $(FIND_KERNELS) --exclude-dir=analysis src/folkestrom 2>/dev/null)
KERNELS_OF_ANALYSIS := $(shell $(FIND_KERNELS) src/folkestrom/analysis 2>/dev/null)
# For the pages: root takes Chromium from the system's packages where there is no browser yet.
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable chrome
FIND_BROWSER := for one in $(BROWSERS); do command -v $$one && break; done >/dev/null
INSTALL_BROWSER := { test "$$(id -u)" = 0 && apt-get update -qq && \
	apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1
LOCK_FLAGS := --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
	--no-header --no-annotate --quiet

# Where it is set, as in many containers, each process would compile every library it imports anew:
# two thirds of the time of a short command.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo site test test-long test-clients bench bench-peers acceptance docs lint lock measure help

help:
	@echo "make demo [SCALE=1] [STORE=folkestrom-store]   build a country, print its statistics"
	@echo "make site [STORE=…] [PORT=8000]                publish them on a web site of your own, after make demo"
	@echo "make test | lint                               check it, in minutes"
	@echo "make test-long | acceptance | docs | bench     also what takes long, full size, manual, speed"
	@echo "make test-clients                              the public server, by clients installed apart"
	@echo "make bench-peers                               beside other programs, which it installs apart"
	@echo "make measure                                   its size and shape, into the manual"
	@echo "make setup | lock                              environment, locked requirements"

setup: $(STAMP)

$(STAMP): requirements/bootstrap.txt requirements/build.txt requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/bootstrap.txt
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes \
		--requirement requirements/build.txt --requirement requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Two at a time: half of a test's time is waiting, for a disk or for another process. Each begins
# with half of the files, so that what several tests of a folder share is made once, and the first
# to have done its half takes tests from the other's. Before them the longest of three things is
# begun first, which leaves the other core time for the two others.
test: $(STAMP)
	$(MAKE) --jobs 2 $(COMPILED_ANALYSIS) $(COMPILED) lint
	$(IN_TWOS) -m "not long and not acceptance"

# The pages of the manual as its readers run them, browsers, interruptions, large or many cases.
test-long: $(STAMP)
	@$(FIND_BROWSER) || $(INSTALL_BROWSER) || echo "No Chromium: what needs a browser is skipped."
	$(MAKE) --jobs 2 $(COMPILED_ANALYSIS) $(COMPILED)
	$(IN_TWOS) -m "long and not acceptance"

test-clients: $(CLIENTS)/.installed
	$(BIN)/python -m pytest --quiet tests/app/public/test_clients.py

$(CLIENTS)/.installed: requirements/clients.txt tests/app/public/clients/package-lock.json | $(STAMP)
	test -x $(CLIENTS)/bin/python || \
		for one in $(NEWER) $(PYTHON); do $$one -m venv $(CLIENTS) 2>/dev/null && break; done
	$(UV) pip install --quiet --python $(CLIENTS)/bin/python --require-hashes \
		--requirement requirements/clients.txt
	cp tests/app/public/clients/package*.json $(CLIENTS)
	! command -v npm >/dev/null || npm ci --prefix $(CLIENTS) --no-audit --no-fund --silent
	touch $@

# What numba compiles is kept beside the sources: done once, on a thousandth of a country.
$(COMPILED): $(STAMP) $(KERNELS)
	@echo "Compiling, once: about a minute."
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
		$(BIN)/folkestrom --quiet twin --scale 0.001 "$$folder/twin" >/dev/null && \
		$(BIN)/folkestrom --quiet --store "$$folder/store" intake "$$folder/twin/reports" >/dev/null
	@touch $@

# Two tests at a time would both compile these kernels, the slowest to compile of all.
$(COMPILED_ANALYSIS): $(STAMP) $(KERNELS_OF_ANALYSIS)
	@echo "Compiling what analyses need, once: about a minute."
	@$(BIN)/python -m pytest --quiet tests/analysis/mobility/test_from_table.py \
		tests/analysis/followup/test_results_of_r.py tests/analysis/regression/test_definitions.py
	@touch $@

demo: $(COMPILED)
	$(BIN)/folkestrom --store $(STORE) demo --scale $(SCALE)

site: $(STAMP)
	$(BIN)/folkestrom --store $(STORE) publish trial --releases $(RELEASES)
	@$(BIN)/folkestrom serve --releases $(RELEASES) --port $(PORT)

bench: $(COMPILED)
	$(BIN)/python benchmarks/run.py

bench-peers: $(COMPILED) $(PEERS)/.installed
	$(BIN)/python benchmarks/peers_mobility.py

$(PEERS)/.installed: requirements/peers-mobility.txt | $(STAMP)
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(UV) pip install --quiet --python $(PEERS)/bin/python --require-hashes \
		--requirement requirements/peers-mobility.txt
	touch $@

acceptance: $(COMPILED)
	$(BIN)/python -m pytest -m acceptance

measure: $(STAMP)
	$(BIN)/python benchmarks/measure.py --write

docs: $(STAMP)
	$(BIN)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

lock: $(STAMP)
	$(UV) pip compile requirements/bootstrap.in $(LOCK_FLAGS) -o requirements/bootstrap.txt
	$(UV) pip compile requirements/build.in $(LOCK_FLAGS) -o requirements/build.txt
	$(UV) pip compile pyproject.toml --extra pandas $(LOCK_FLAGS) -o requirements/base.txt
	$(UV) pip compile pyproject.toml --extra pandas --group dev --group docs \
		--constraint requirements/base.txt $(LOCK_FLAGS) -o requirements/dev.txt
	$(UV) pip compile --group pyproject.toml:peers-mobility $(LOCK_FLAGS) \
		-o requirements/peers-mobility.txt
	$(UV) pip compile --group pyproject.toml:clients $(LOCK_FLAGS) -o requirements/clients.txt
