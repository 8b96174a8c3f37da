# Each target works on a machine that has only Python 3.11 (or later) and make: it makes .venv first.
UV_VERSION := 0.13.8
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(if $(shell command -v $(name)),$(name))))
BIN := .venv/bin
STAMP := .venv/.installed
CODE := activities agents benchmarks contracts events examples expressions flows memory perdure tests tools workflows worker.py

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long check format bench lock

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## Make .venv with everything that is locked

$(BIN)/uv: Makefile
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11)' 2>/dev/null \
	  || { echo "Python 3.11 or later is needed; name it by make PYTHON=/path/to/python" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -qq -y python3-venv; } \
	  || { echo "Python's venv is missing; on Debian: apt-get install python3-venv" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(STAMP): $(BIN)/uv requirements-dev.lock pyproject.toml
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.lock
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## Let the example flow take care of 20 tickets, and say which way each went and why
	$(BIN)/python -m examples.support.demo

test: $(STAMP) ## Run the tests that take seconds each
	$(BIN)/pytest -m "not long"

test-long: $(STAMP) ## Run the tests that take minutes: kills, long conversations
	$(BIN)/pytest -m long

check: $(STAMP) ## Lint, formatting, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(wildcard $(CODE))
	$(BIN)/lint-imports

format: $(STAMP) ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## Measure all figures, or one: make bench ONLY=NAME
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks $(ONLY)

lock: $(BIN)/uv ## Remake the locks from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --extra neo4j --extra qdrant pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --constraint requirements.lock --group dev pyproject.toml --output-file requirements-dev.lock
