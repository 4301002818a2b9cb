# Slipway. `make help` lists the targets; the README says what each is for.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
.DEFAULT_GOAL := help
STACK ?= dev
REPORT ?=
PIPELINE = $(RUN) -m pipelines
.PHONY: help local local-down local-status toolchain lint workflows unit test test-faults bench bench-fleet clean \
  preview up drift teardown-expired policy settings

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

preview: $(VENV)/ready ## What `pulumi up` would do to STACK, with the policies; on a pull request, as a comment
	@$(PIPELINE) preview --stack "$(STACK)" $(if $(REPORT),--report "$(REPORT)")

up: $(VENV)/ready ## Do it
	@$(PIPELINE) up --stack "$(STACK)"

drift: $(VENV)/ready ## What differs from STACK's state in Azure; changes nothing
	@$(PIPELINE) drift --stack "$(STACK)" $(if $(REPORT),--report "$(REPORT)")

teardown-expired: $(VENV)/ready ## Destroy the sandbox stacks whose time has passed
	@$(PIPELINE) teardown-expired

policy: $(VENV)/ready ## Write docs/policies.md anew from the policies
	@$(RUN) -m policies.program.page docs/policies.md

settings: $(VENV)/ready ## Write docs/settings.md anew from the settings' models
	@$(RUN) -m infra.settings_page docs/settings.md

workflows: $(VENV)/ready ## Check the pipelines' own files: schemas, and zizmor
	@$(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(VENV)/bin/zizmor --config .github/zizmor.yml --offline --no-progress --quiet --persona=pedantic .github

lint: $(VENV)/ready workflows ## ruff, mypy --strict, and the pipelines' files
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy --strict .

unit: $(VENV)/ready ## The tests that need nothing of the machine
	@$(RUN) -m pytest -m "not machine and not faults"

test: $(VENV)/ready toolchain lint ## All tests, fast ones first, end to end last
	@$(RUN) -m pytest

test-faults: $(VENV)/ready toolchain ## What the fleet survives: every fault of docs/faults.md, a line each
	@$(RUN) -m pytest tests/e2e/test_2_second_line.py tests/faults -m faults --no-header

bench: $(VENV)/ready ## Measure the main job: times, memory, disk
	@$(RUN) -m tests.benchmark

bench-fleet: $(VENV)/ready ## Measure the controllers with CLUSTERS clusters, on the running local Azure
	@$(RUN) -m tests.scale $(or $(CLUSTERS),100) $(if $(REPORT),--report "$(REPORT)")

clean: ## Remove the virtual environment (caches in ~/.cache/slipway stay)
	@rm -rf $(VENV)
