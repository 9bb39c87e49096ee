# Two commands: `make run` shows your usage, `make test` runs every check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORPUS ?= $(HOME)/.claude
PEERS ?=
PROCESSES ?= 2

.PHONY: run test lint types contracts docs unit bench clean

run: $(VENV)/installed
	@$(BIN)/python scripts/first-look

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "tokentide needs Python 3.11 or newer; set PYTHON=/path/to/it" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "this Python has no venv module: install it (Debian: python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[live,notify,pictures,server,grpc]"
	@touch $@

$(VENV)/developing: $(VENV)/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[live,notify,pictures,server,grpc]" --group dev
	@touch $@

test: lint types contracts docs unit

lint: $(VENV)/developing
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/developing
	$(BIN)/mypy

contracts: $(VENV)/developing
	$(BIN)/lint-imports

docs: $(VENV)/developing
	$(BIN)/python scripts/generate-reference --check
	$(BIN)/python scripts/generate-dashboards --check

unit: $(VENV)/developing
	$(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --cov --cov-report=term

bench: $(VENV)/developing
	$(BIN)/python bench/run.py --corpus "$(CORPUS)" $(PEERS)

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
