# Every target does its own set-up, in .venv; a stamp there says what has been done.
PYTHON ?= python3
BIN := .venv/bin
# Hashes guard the packages; where they come from is pip's own configuration.
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile
# pip would compile on one core.
COMPILE := $(BIN)/python -W ignore -m compileall -qq -j 0 .venv/lib
NODE_MODULES := $(patsubst %/package-lock.json,%/node_modules/.package-lock.json,$(wildcard tests/*/package-lock.json))

.PHONY: run test suite check quick-checks types bench evaluate model lock clean
.DELETE_ON_ERROR:

run: .venv/runtime
	@exec $(BIN)/casewright run --demo

# pyright takes a minute of one core, so it goes beside the tests.
test: .venv/dev
	@sh tests/setup.sh
	@$(MAKE) --no-print-directory quick-checks $(NODE_MODULES)
	@$(MAKE) --no-print-directory --jobs types suite

# Whatever the environment says of bytecode: without it each of the workers, and each Casewright that a test starts,
# would compile everything anew.
suite: export PYTHONDONTWRITEBYTECODE :=
suite: .venv/dev
	$(BIN)/pytest -q -n 3 --dist worksteal

check: quick-checks types

quick-checks: .venv/dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports --no-logo

types: .venv/dev
	$(BIN)/pyright

bench: .venv/dev
	@sh tests/setup.sh
	@exec $(BIN)/python -m tests.bench

evaluate: .venv/dev
	@$(BIN)/python -m tests.evaluate
	@$(BIN)/python -m tests.evaluate_memory
	@exec $(BIN)/python -m tests.evaluate_learning

# Hours on two cores. Started again, it goes on from the last checkpoint. One thread for each worker: threads that wait
# for each other suffer most from whatever else runs. Its environment is its own: torch is a hundred times the product.
WINDOWS ?= 120000
TRAINING := .training
TRAIN := MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=1073741824 \
	OMP_NUM_THREADS=1 $(TRAINING)/venv/bin/python -m
model: .venv/dev $(TRAINING)/installed
	$(TRAIN) torch.distributed.run --standalone --nproc-per-node 2 -m agent.embedded.training \
		fit $(TRAINING)/run --windows $(WINDOWS)
	$(TRAIN) agent.embedded.training ship $(TRAINING)/run
	$(BIN)/python -m tests.calibrate

$(TRAINING)/installed: pyproject.toml
	@$(PYTHON) -m venv --clear $(TRAINING)/venv
	@$(TRAINING)/venv/bin/pip install --quiet --disable-pip-version-check --editable '.[embedded,training]'
	@touch $@

# Keeps what is locked wherever pyproject.toml allows it; for newer releases, remove the locks first.
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --custom-compile-command "make lock" \
	--group build --extra embedded pyproject.toml
lock: .venv/created
	@test -x $(BIN)/uv || $(INSTALL) uv
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra dev --extra llm --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf .venv .training *.egg-info build .hypothesis .import_linter_cache .pytest_cache .ruff_cache
	rm -rf tests/*/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Casewright needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv --clear --upgrade-deps .venv
	@touch $@

.venv/runtime: requirements.lock pyproject.toml | .venv/created
	@echo "Installing what Casewright needs into .venv ..."
	@$(INSTALL) --require-hashes --requirement requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@$(COMPILE)
	@touch $@

.venv/dev: requirements-dev.lock .venv/runtime
	@echo "Installing what its tests need into .venv ..."
	@$(INSTALL) --require-hashes --requirement requirements-dev.lock
	@$(COMPILE)
	@touch $@

tests/%/node_modules/.package-lock.json: tests/%/package-lock.json
	@cd tests/$* && npm ci --no-audit --no-fund
	@touch $@
