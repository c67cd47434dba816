# Two commands on a fresh machine with Python 3.11 or newer and make: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
DEMO ?= demo
FUZZ_SECONDS ?= 60
# Tests run in as many processes as there are cores, four at most; those of a file together, those with a server in one.
PARALLEL ?= -n logical --maxprocesses 4 --dist loadgroup

.PHONY: demo test test-bounds test-full fuzz check docs release-check clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

$(VENV)/.installed: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.installed-test: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[test]'
	touch $@

$(VENV)/.installed-dev: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[test,dev]'
	touch $@ $(VENV)/.installed-test

# Sample traffic of a small office: a normal day is learnt, a day with four attacks is judged by it.
demo: $(VENV)/.installed
	$(BIN)/netad sample --day 1 -o $(DEMO)/normal
	$(BIN)/netad sample --day 2 -o $(DEMO)/attacked --attack scan --attack beacon --attack exfiltration --attack brute-force
	$(BIN)/netad train $(DEMO)/normal --model $(DEMO)/model
	$(BIN)/netad ingest $(DEMO)/attacked --model $(DEMO)/model --profiles all --to console --to parquet:$(DEMO)/store \
		--to report:$(DEMO)/report.html

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest $(PARALLEL) -m "not full"

# The ingest suite with every array access checked; a cache of its own, because compiled code keeps its checks or lack of them.
test-bounds: $(VENV)/.installed-test
	cache=$$(mktemp -d) && trap 'rm -rf "$$cache"' EXIT && \
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR="$$cache" $(BIN)/python -m pytest $(PARALLEL) -q -m "not full" tests/ingest tests/netad/extract

# Atheris has wheels for some Pythons only; where there is none, `python -m fuzz` says so and does nothing.
$(VENV)/.installed-fuzz: setup.cfg | $(VENV)/.installed-test
	$(BIN)/pip install --quiet --only-binary atheris --editable '.[test,fuzz]' || true
	touch $@

# Every reader of captures under a coverage-guided fuzzer, FUZZ_SECONDS for each target; fails on the first find.
fuzz: $(VENV)/.installed-fuzz
	$(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS)

# What takes longer: scale, kills, faults.
test-full: $(VENV)/.installed-test
	$(BIN)/python -m pytest $(PARALLEL)

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict docker docs/examples outputs/elastic/assets
	$(BIN)/hadolint docker/Dockerfile

# The documentation as a site in build/site, which opens from the folder; a warning is an error.
$(VENV)/.installed-docs: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[docs]'
	touch $@

docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

# Wheel, source archive and bill of materials (SBOM) of the last commit in dist/: built twice to the same bytes, checked,
# installed into an environment of their own and tried there, outside the tree.
$(VENV)/.installed-release: setup.cfg pyproject.toml | $(VENV)/.installed-test
	$(BIN)/pip install --quiet --editable '.[test,release]'
	touch $@

release-check: $(VENV)/.installed-release
	$(BIN)/python -m release

clean:
	rm -rf $(VENV) $(DEMO) fuzz-finds build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
