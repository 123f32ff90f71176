# `make demo` and `make test` work on a fresh machine with Python 3.11 or newer: they make the environment first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STORE ?= store

.PHONY: demo test test-slow test-server test-faults server deploy workers bench bench-gpu bench-thousand lint types format clean

demo: $(VENV)/.installed
	$(BIN)/escgan demo --root $(STORE)

test: $(VENV)/.installed
	$(BIN)/python -m pytest -m "not slow and not server and not faults" -n auto --dist loadfile

test-slow: $(VENV)/.installed
	$(BIN)/python -m pytest -m slow

test-server: $(VENV)/.installed
	$(BIN)/python -m pytest -m server

test-faults: $(VENV)/.installed
	$(BIN)/python -m pytest -m faults -s

server: $(VENV)/.installed
	VENV=$(abspath $(VENV)) deploy/server.sh

deploy: $(VENV)/.installed
	VENV=$(abspath $(VENV)) deploy/deploy.sh

workers: $(VENV)/.installed
	VENV=$(abspath $(VENV)) deploy/workers.sh

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks

bench-gpu: $(VENV)/.installed
	$(BIN)/python -m benchmarks gpu

bench-thousand: $(VENV)/.installed
	$(BIN)/python -m benchmarks thousand

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build *.egg-info

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "escgan needs Python 3.11 or newer: set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@
