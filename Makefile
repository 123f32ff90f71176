# `make demo` and `make test` work on a fresh machine with Python 3.11 or newer: they make the environment first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STORE ?= store

.PHONY: demo test test-properties test-slow test-server test-faults test-fuzz server deploy workers bench bench-gpu bench-thousand bench-calibration audit site site-serve lint types format wheel clean

demo: $(VENV)/.installed
	$(BIN)/escgan demo --root $(STORE)

test: $(VENV)/.installed
	$(BIN)/python -m pytest -m "not slow and not server and not faults and not fuzz" -n auto --dist loadfile

# The suite's properties, on values that it has not drawn before.
test-properties: $(VENV)/.installed
	$(BIN)/python -m pytest -m "hypothesis and not slow and not server and not faults and not fuzz" -n auto --dist loadfile --hypothesis-profile=new-values

test-slow: $(VENV)/.installed
	$(BIN)/python -m pytest -m slow

test-server: $(VENV)/.installed
	$(BIN)/python -m pytest -m server

test-faults: $(VENV)/.installed
	$(BIN)/python -m pytest -m faults -s

test-fuzz: $(VENV)/.installed
	$(BIN)/python -m pytest tests/fuzz -m fuzz --hypothesis-profile=new-values

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

bench-calibration: $(VENV)/.installed
	$(BIN)/python -m benchmarks calibration

# Asks PyPI for known vulnerabilities of what the lock pins; needs the network.
audit:
	$(PYTHON) -m venv .audit
	.audit/bin/pip install --quiet --disable-pip-version-check pip-audit
	.audit/bin/pip-audit --requirement requirements.lock --no-deps --disable-pip

# The documentation, for a browser: site/index.html.
site: $(VENV)/.installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

site-serve: $(VENV)/.installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs serve --strict

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The package as a wheel and as sources, in dist/, made without the network.
wheel: $(VENV)/.installed
	$(BIN)/python -m build --no-isolation --outdir dist

clean:
	rm -rf $(VENV) build site *.egg-info

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "escgan needs Python 3.11 or newer: set PYTHON=python3.11")'
	@echo "Installing the pinned packages into $(VENV) (several minutes the first time)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@
