# Slipway. `make help` lists the targets; the README says what each is for.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
.DEFAULT_GOAL := help
.PHONY: help local local-down local-status toolchain lint unit test test-faults bench clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/ready: requirements.txt requirements-dev.txt
	@./setup.sh "$(PYTHON)" "$(VENV)"
	@touch $@

local: $(VENV)/ready ## The main job: a local Azure, pulumi up, a first workload cluster, hydrated
	@$(RUN) -m local_azure up

local-down: $(VENV)/ready ## Remove the local Azure: processes, namespaces, mounts, interfaces, files
	@$(RUN) -m local_azure down

local-status: $(VENV)/ready ## Show what runs
	@$(RUN) -m local_azure status

toolchain: $(VENV)/ready ## Build the pinned tools and images (local does it when needed)
	@$(RUN) -m local_azure.toolchain

lint: $(VENV)/ready ## ruff and mypy --strict
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy --strict .

unit: $(VENV)/ready ## The tests that need nothing of the machine
	@$(RUN) -m pytest -m "not machine and not faults"

test: $(VENV)/ready toolchain lint ## All tests, fast ones first, end to end last
	@$(RUN) -m pytest

test-faults: $(VENV)/ready toolchain ## What the fleet survives: every fault of docs/faults.md, a line each
	@$(RUN) -m pytest tests/faults -m faults --no-header

bench: $(VENV)/ready ## Measure the main job: times, memory, disk
	@$(RUN) -m tests.benchmark

clean: ## Remove the virtual environment (caches in ~/.cache/slipway stay)
	@rm -rf $(VENV)
