# Everything starts from a bare python3 with pip. `make demo` and `make test` are the two commands.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# One more than processors: many tests wait for a server.
WORKERS ?= $(shell expr `getconf _NPROCESSORS_ONLN` + 1)
# They write and flush thousands of small files, in half the time where memory is a disk with room.
IN_MEMORY := $(shell [ "0`df -Pk /dev/shm 2>/dev/null | awk 'END {print $$4}'`" -ge 4000000 ] && echo PYTEST_DEBUG_TEMPROOT=/dev/shm)

# uv from the machine if it has one, else from PyPI into a folder of its own. Debian's python3 has no
# venv module until one installs it; pip can do without, and so can uv.
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)

# Versions of Airflow that the DAGs are held against, each resolved as of a day after its release.
AIRFLOW := 3.3.1@2026-08-21 3.0.6@2025-10-15

.DEFAULT_GOAL := help
.PHONY: help demo test test-unit test-stories lint format check docs bench parity package deploy clean install lock

help: ## show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

.uv/bin/uv:
	@PIP_ROOT_USER_ACTION=ignore $(PYTHON) -m pip install --quiet --disable-pip-version-check --target .uv uv

$(STAMP): requirements.lock pyproject.toml | $(filter .uv/bin/uv,$(UV))
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	@$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	@$(UV) pip install --quiet --no-deps --python $(BIN)/python --editable .
	@touch $@

install: $(STAMP) ## make .venv exactly as requirements.lock says, with the command in it
	@echo "installed: $(BIN)/stockstream (try: $(BIN)/stockstream --help)"

demo: $(STAMP) ## the whole house on a simulated market, offline
	@$(BIN)/stockstream demo

test: $(STAMP) ## every test but the stories; pictures of the page in screenshots/
	@STOCKSTREAM_TEST_ARTEFACTS=$${STOCKSTREAM_TEST_ARTEFACTS-screenshots} $(IN_MEMORY) $(BIN)/python -m pytest -n $(WORKERS) -m "not story"

test-stories: $(STAMP) ## a real Airflow and a cluster of three nodes, killed in the middle
	@$(IN_MEMORY) $(BIN)/python -m pytest -n 0 -m story tests

test-unit: $(STAMP) ## the fast suite
	@$(IN_MEMORY) $(BIN)/python -m pytest -n $(WORKERS) -m "not slow and not browser and not story" tests src

lint: $(STAMP) ## style, spelling, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/typos
	@$(BIN)/lint-imports --no-cache > .lint-imports.log || (cat .lint-imports.log; exit 1)
	@tail -n 1 .lint-imports.log

format: $(STAMP) ## rewrite the sources in the one style
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --exit-zero --quiet .

check: lint ## the gate: format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

docs: $(STAMP) ## write what the documents quote again: options, tables, output
	@$(BIN)/python scripts/make_reference.py
	@$(BIN)/python -m pytest README.md docs -q --update-docs

bench: $(STAMP) ## speed, as ratios within one run
	@$(BIN)/python -m pytest benchmarks -p no:randomly --benchmark-only --benchmark-disable-gc -q -s

parity: $(STAMP) ## hold ours against other backtesters, each in an environment of its own
	@$(BIN)/python -m parity

package: $(STAMP) ## wheel and source archive in dist/
	@$(UV) build --quiet --out-dir dist

deploy: $(STAMP) ## a stack in one's own AWS account: its bill, a question, then Terraform
	@$(BIN)/stockstream deploy aws apply

lock: $(STAMP) ## resolve requirements.lock again from pyproject.toml
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--all-extras --group dev --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml
	@$(UV) pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-emit-index-url \
		--constraint requirements.lock --custom-compile-command "make lock" \
		--output-file infra/docker/requirements.lock pyproject.toml infra/docker/requirements.in
	@$(UV) pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-emit-index-url \
		--extra app --extra aws --constraint requirements.lock --custom-compile-command "make lock" \
		--output-file infra/docker/page.lock pyproject.toml infra/docker/page.in
	@for one in $(AIRFLOW); do $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --exclude-newer $${one#*@} --custom-compile-command "make lock" \
		--output-file infra/airflow/requirements-$${one%@*}.lock infra/airflow/requirements-$${one%@*}.in || exit 1; done

clean: ## remove what the other targets made (never data/)
	@rm -rf $(VENV) .uv .tools dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks .coverage*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
