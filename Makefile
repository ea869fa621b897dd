# From a fresh clone: python3 (3.11 or newer) with pip, git and make are enough.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.complete
LOCK := requirements.lock

.PHONY: help demo test slow check lock bench clean .venv
.DELETE_ON_ERROR:

help:
	@echo "make demo    follow a Hub in a box through 16 real weeks and count: offline"
	@echo "make test    all checks and all tests"
	@echo "make slow    tests against real servers that take some minutes"
	@echo "make check   style, types and import walls alone"
	@echo "make lock    pin the newest dependencies that pyproject.toml allows"
	@echo "make bench   how to run the benchmarks"
	@echo "make clean   remove what make made"

demo: .venv
	$(BIN)/lineage demo

test: check
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# Real servers, some minutes: what they need is pinned apart, in tests/slow/requirements.txt.
slow: .venv
	$(INSTALL) --require-hashes -r tests/slow/requirements.txt
	$(BIN)/python -m pytest -m slow tests/slow

check: .venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: .venv
	@echo "By hand, on a quiet machine; each of them knows --help:"
	@for file in $$(grep -l __main__ benchmarks/*.py); do \
		echo "  $(BIN)/python -m benchmarks.$$(basename $$file .py)"; \
		sed -n '1s/"""/      /; 1s/"""//; 1p' $$file; done
	@echo "What others compute on the same graph is measured too where it is installed:"
	@echo "  $(PYTHON) -m pip --python $(BIN)/python install rustworkx deltalake"

.venv: $(STAMP)

# PIP_USER=0: some people's pip is set to install for the user, which no environment takes.
INSTALL = PIP_USER=0 $(PYTHON) -m pip --python $(BIN)/python install --quiet

# Debian leaves ensurepip out and marks its Python as its own; the system's pip can fill an empty
# environment all the same. The stamp comes last, so a half-made environment is made anew.
$(STAMP): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lineage needs Python 3.11 or newer: make PYTHON=python3.11")'
	rm -rf .venv
	$(PYTHON) -m venv --without-pip .venv
	$(INSTALL) --require-hashes -r $(LOCK)
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

lock:
	$(PYTHON) -m venv --clear --without-pip .bootstrap
	PIP_USER=0 $(PYTHON) -m pip --python .bootstrap/bin/python install --quiet uv
	.bootstrap/bin/uv pip compile pyproject.toml --extra all --group dev --universal --python-version 3.11 \
		--upgrade --generate-hashes --no-header --no-annotate --quiet -o $(LOCK)

clean:
	rm -rf .venv .bootstrap .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
