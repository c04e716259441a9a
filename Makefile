# Two commands do everything on a fresh machine with Python 3.11: `make demo` and `make test`.

PYTHON ?= python3.11
UV_VERSION := 0.13.8
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: demo demo-aws demo-gcp test lint types layers unit format requirements clean

demo: demo-aws demo-gcp

demo-aws: $(STAMP)
	$(BIN)/provisioner demo aws

demo-gcp: $(STAMP)
	$(BIN)/provisioner demo gcp

test: lint types layers unit

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

layers: $(STAMP)
	$(BIN)/lint-imports

unit: $(STAMP)
	$(BIN)/pytest -n 2 --dist worksteal

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Everything is pinned, so setting up never resolves; the pins carry no index addresses.
$(STAMP): requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet -r requirements.txt
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	touch $(STAMP)

requirements: $(STAMP)
	$(BIN)/uv pip compile pyproject.toml --all-extras --upgrade --no-header --no-annotate -o requirements.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
