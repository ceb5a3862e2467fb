# Each target does its own set-up: a virtual environment with the locked, hash-checked packages.
PYTHON ?= $(firstword $(foreach v,3.14 3.13 3.12 3.11,$(if $(shell python$(v) -c 'print(1)' 2>/dev/null),python$(v))) python3)
BIN := .venv/bin
CORE := .venv/.core-$(firstword $(shell cksum requirements/core.txt))
# A process for each processor, each with databases of its own; the order of sets must not differ.
PYTEST := PYTHONHASHSEED=0 $(BIN)/python -m pytest -n auto --dist loadfile
READY := .venv/.dev-$(firstword $(shell cksum requirements/dev.txt))

.PHONY: demo test check bench docs format lock setup clean

demo: $(CORE)
	@exec $(BIN)/sogoc demo

setup: $(CORE)

test: $(READY)
	$(PYTEST)

check: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST)

# The pages of docs/reference; a test fails where they are not what the code says.
docs: $(CORE)
	$(BIN)/python -m tools.reference

bench: $(READY)
	$(BIN)/python -m tests.benchmarks.layers
	$(BIN)/python -m tests.benchmarks.lookup
	$(BIN)/python -m tests.benchmarks.bbox
	$(BIN)/python -m tests.benchmarks.bulk
	$(BIN)/python -m tests.benchmarks.prefill

format: $(READY)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock: $(READY)
	for name in core geo parquet dev; do $(BIN)/uv pip compile -q --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
	  requirements/$$name.in -o requirements/$$name.txt || exit 1; done

$(READY): $(CORE) requirements/dev.txt
	$(BIN)/python -m pip install -q --require-hashes -r requirements/dev.txt
	@touch $@

$(CORE): requirements/core.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Sổ Gốc cần Python 3.11 trở lên / Python 3.11 or newer is needed"; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2> /dev/null \
	  || { echo "Thiếu venv: apt install python3-venv / the venv module is missing"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --require-hashes -r requirements/core.txt
	@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/.venv/bin/python" -m registry "$$@"\n' "$(CURDIR)" "$(CURDIR)" \
	  > $(BIN)/sogoc && chmod +x $(BIN)/sogoc
	@touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
