# make check | test | demo | serve | record | bench: each sets itself up first, also on a fresh machine, without root.
# It needs GNU make, a POSIX shell and Python 3.11 or newer (make PYTHON=/path/to/python names another one).

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PROCESSES := 4# of make test; many tests wait, for a process or a pause, more than they compute
RECENT := import sys; sys.exit(sys.version_info < (3, 11))

ifndef PYTHON
PYTHON := $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c '$(RECENT)' 2>/dev/null && { echo $$name; break; }; done)
endif

.PHONY: help check test demo serve record screenshots bench clean

help:
	@echo "make check    format, lint, types and the import rules"
	@echo "make test     all tests, offline"
	@echo "make demo     a Paligo account connected, synced, published and audited on this machine"
	@echo "make serve    a server on this machine, with an emulated Paligo account to try the form, the dashboard and the API on"
	@echo "make record   record the cassettes again, from the emulator"
	@echo "make screenshots   take the pictures in docs/screenshots again, with Chromium"
	@echo "make bench    how fast the hot paths are, as ratios to a floor (ARGS=\"call purse\": some of them)"
	@echo "make clean    remove $(VENV) and caches"

check: $(STAMP)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_layers.py

test: $(STAMP)
	$(BIN)/pytest --numprocesses=$(PROCESSES) --dist=loadfile $(ARGS)

demo: $(STAMP)
	@$(BIN)/python -m connectors.cli.demo $(ARGS)

serve: $(STAMP)
	@$(BIN)/python -m connectors.cli.quickstart

record: $(STAMP)
	$(BIN)/pytest tests/paligo -m vcr --record-mode=rewrite $(ARGS)

screenshots: $(STAMP)
	$(BIN)/pytest -q tests/browser --screenshots $(ARGS)

bench: $(STAMP)
	@$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

$(STAMP): pyproject.toml
	@if [ -z "$(PYTHON)" ] || ! $(PYTHON) -c '$(RECENT)' 2>/dev/null; then \
		echo "connectors needs Python 3.11 or newer; found: $$($(or $(PYTHON),python3) --version 2>&1 | head -n 1)." >&2; \
		echo "Install one (no root: pyenv or uv), or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
		exit 1; \
	fi
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		echo "Making $(VENV) with $$($(PYTHON) --version) ..."; \
		rm -rf $(VENV); \
		$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
			rm -rf $(VENV); \
			$(PYTHON) -m virtualenv --quiet $(VENV) 2>/dev/null || { \
				rm -rf $(VENV); \
				echo "$(PYTHON) cannot make a virtual environment: its modules venv and ensurepip are not whole." >&2; \
				echo "On Debian and Ubuntu the package python3-venv brings them." >&2; \
				echo "Without root: $(PYTHON) -m pip install --user virtualenv, then make $(MAKECMDGOALS) again." >&2; \
				exit 1; \
			}; \
		}; \
	}
	@echo "Installing connectors and its tools into $(VENV) (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' || { \
		echo "Installing failed; it needs a package index, directly or through PIP_INDEX_URL." >&2; exit 1; }
	@touch $@
