# One command each: `make demo` bins the example, `make test` runs the tests; both make their own environment.
#   PYTHON=python3.12   the Python to make it with          VENV=.venv   where it goes
#   CHECKS="lint docs"  what `make release` checks first; by default everything
#   PIP_FLAGS=...       more options for pip install, such as
#                       PIP_FLAGS='--extra-index-url https://download.pytorch.org/whl/cpu' for torch without CUDA

PYTHON    ?= python3
VENV      ?= .venv
PIP_FLAGS ?=

BIN        := $(VENV)/bin
DEMO_OUT   := demo_out
SOURCES    := dnabert_s_cli tests benchmarks examples scripts
PIN_FILES  := pyproject.toml constraints.txt

CHECKS        ?= check
RELEASE_TOOLS := 'build>=1.2' 'cffconvert>=2.0' 'twine>=5.0'

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install demo format lint check test test-gpu fuzz docs docs-tables bench release clean kills

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.installed-dev ## make the environment, with what tests and checks need
	@echo "dnabert-s is installed: $(BIN)/dnabert-s --help"

demo: $(VENV)/.installed ## install, bin the example assembly, show the bins and how they agree with the truth
	$(BIN)/dnabert-s bin examples/contigs.fa.gz -o $(DEMO_OUT) --force
	@echo; echo "$(DEMO_OUT)/bins.tsv"
	@if command -v column >/dev/null; then column -t -s "$$(printf '\t')" $(DEMO_OUT)/bins.tsv; \
	else cat $(DEMO_OUT)/bins.tsv; fi
	@echo; echo "bins against examples/gold.tsv: completeness is of the contigs in the example, which holds about half of the"
	@echo "genomes of E. coli and V. cholerae; so bins that miss nothing here are about half complete by their marker genes"
	@$(BIN)/python examples/compare_with_gold.py $(DEMO_OUT)/contig2bin.tsv examples/gold.tsv examples/contigs.fa.gz

format: $(VENV)/.installed-dev ## rewrite the code in the one format
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

lint: $(VENV)/.installed-dev ## format, lint and types, without changing a file
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy

check: lint docs test ## lint, documents, then tests: what every commit passes

test: $(VENV)/.installed-dev ## run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

docs: $(VENV)/.installed-dev ## build the documentation as a site in site/; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

docs-tables: $(VENV)/.installed-dev ## refresh the tables of options in docs/
	$(BIN)/python scripts/option_tables.py --write

kills: $(VENV)/.installed-dev ## kill each command that writes at 60 random moments, and compare what it leaves
	$(BIN)/python -m tests.kills --kills 60

test-gpu: $(VENV)/.installed-dev ## run the tests that need a CUDA device
	$(BIN)/python -m pytest -m gpu

fuzz: $(VENV)/.installed-dev ## damage every format in 50,000 ways; count what is read, refused or goes wrong
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz

# One line for each program of benchmarks/, in the form that takes a minute or two.
bench: $(VENV)/.installed-dev ## run the quick form of every benchmark; each ends in one line of JSON
	$(BIN)/python benchmarks/read_sequences.py --mbp 20 --runs 1
	$(BIN)/python benchmarks/embed_reads.py --reads 200000
	$(BIN)/python benchmarks/bin_assembly.py examples/contigs.fa.gz examples/gold.tsv
	$(BIN)/python benchmarks/bin_scale.py --contigs 10000
	$(BIN)/python benchmarks/cluster_scale.py --rows 10000 --clusters 100
	$(BIN)/python benchmarks/depth_bam.py --reads 50000 --repeats 1
	$(BIN)/python benchmarks/classify_reads.py --reads 100000 --mbp 5 --methods centroid
	$(BIN)/python benchmarks/stream_pairs.py
	$(BIN)/python benchmarks/train_step.py --pairs 2 --tokens 200 --layers 2 --repeats 1
	$(BIN)/python benchmarks/embed_cpu.py --repeats 1 --sequences 8
	$(BIN)/python benchmarks/profile_cpu.py --repeats 1
	$(BIN)/python benchmarks/long_sequences.py
	$(BIN)/python benchmarks/embed_stream.py --gbp 0.2
	$(BIN)/python benchmarks/embed_gpu.py --device cpu --tiny --mbp 0.1 --repeats 1

# Build tools have an environment of their own, as they ask for older versions than constraints.txt has; so has the wheel,
# which is tried with nothing but what it requires. CHECKS="lint docs" leaves out the tests where they have just passed.
release: $(VENV)/.installed-dev $(CHECKS) ## check, build dist/, and bin the example with the built wheel in a fresh environment
	rm -rf dist .release-venv
	$(PYTHON) -m venv .release-venv
	.release-venv/bin/python -m pip install --quiet --disable-pip-version-check $(RELEASE_TOOLS)
	.release-venv/bin/python -m build --outdir dist .
	.release-venv/bin/python -m twine check --strict dist/*
	.release-venv/bin/cffconvert --validate --infile CITATION.cff
	rm -rf .release-venv
	$(PYTHON) -m venv .release-venv
	.release-venv/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt dist/*.whl
	cd dist && ../.release-venv/bin/dnabert-s bin ../examples/contigs.fa.gz -o ../.release-venv/bins_out
	$(BIN)/python examples/compare_with_gold.py .release-venv/bins_out/contig2bin.tsv examples/gold.tsv examples/contigs.fa.gz
	rm -rf .release-venv
	@ls -l dist; sha256sum dist/*

clean: ## remove caches, builds and the demo's output; the environment stays
	rm -rf build dist site *.egg-info $(DEMO_OUT) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp file says that the environment matches pyproject.toml and constraints.txt.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "error: dnabert-s needs Python 3.10 or newer; this is " + sys.version.split()[0] + ". Choose another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(PIN_FILES) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(PIN_FILES) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed
