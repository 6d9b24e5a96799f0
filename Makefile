# Everything a person or CI runs. `make help` lists it. Needs Python >= 3.11, git and make; the rest is installed into .venv.

CANDIDATES := python3.13 python3.12 python3.11 python3.14 python3 python
PYTHON ?= $(shell for p in $(CANDIDATES); do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
RUN := .venv/bin/python -m
# The locked versions, nothing resolved. pip's own settings (mirrors, proxies, certificates) are honoured.
INSTALL := $(RUN) pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes
# Where Python is told to write no bytecode (PYTHONDONTWRITEBYTECODE), each start would compile all of it anew: two seconds of every command. In four
# processes, unlike pip; a package's file that is no Python of this version is left alone.
BYTECODE := $(RUN) compileall -qq -j 4 .venv/lib backend tasks scripts || true
COMPILE := $(RUN) uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate
# Passed on to the tool of the target: make test ARGS="-k sync -x"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-faults lint format types clients bench lock clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

setup: .venv/.dev ## Install everything for development into .venv

demo: .venv/.runtime ## Show the product with seeded salons (installs the runtime only)
	.venv/bin/huifang demo $(ARGS)

test: .venv/.dev ## Run the tests (starts its own PostgreSQL and Valkey)
	$(RUN) pytest -n auto --dist loadfile -m "not faults" $(ARGS)

test-faults: .venv/.dev ## Run the long fault, soak and million-row tests
	$(RUN) pytest -m faults --timeout 3600 $(ARGS)

lint: .venv/.dev ## Check style, formatting and the directions between rooms
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	.venv/bin/lint-imports

format: .venv/.dev ## Format the code and fix what can be fixed
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

types: .venv/.dev ## Check types, strictly
	$(RUN) mypy

clients: .venv/.dev ## Generate typed clients from the contract and compile them (TypeScript, Kotlin; where node and java are)
	.ci/clients/check

bench: .venv/.dev ## Measure speed against floors and peers (ARGS="S1 S5 --scale small --json")
	.venv/bin/huifang bench $(ARGS)

lock: .venv/.dev ## Pin dependencies anew after pyproject.toml changed (ARGS=--upgrade for newer versions)
	$(COMPILE) $(ARGS) --output-file requirements.lock
	$(COMPILE) $(ARGS) --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean: ## Remove caches and .venv; data under .huifang stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov

# The project is used where it stands: a path file for imports and a launcher for the command, so nothing is built.
.venv/.python:
	@test -n "$(PYTHON)" || { \
		echo "Huifang needs Python 3.11 or newer with venv: install it (Debian: python3-venv), or name one: make PYTHON=..." >&2; \
		exit 1; }
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@.venv/bin/python -c 'import pathlib, sysconfig; \
		pathlib.Path(sysconfig.get_path("purelib"), "huifang.pth").write_text(str(pathlib.Path().resolve()) + "\n")'
	@cp .ci/launcher .venv/bin/huifang && chmod 755 .venv/bin/huifang
	@touch $@

.venv/.runtime: requirements.lock .venv/.python
	@echo "installing the runtime into .venv ..."
	@$(INSTALL) --requirement requirements.lock
	@$(BYTECODE)
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.python
	@echo "installing runtime and development tools into .venv ..."
	@$(INSTALL) --requirement requirements-dev.lock
	@$(BYTECODE)
	@touch .venv/.runtime $@
