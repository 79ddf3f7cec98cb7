.PHONY: install check test slow bench board quickstart
PYTHON ?= python3

install:  ## a virtual environment in .venv with everything the suite needs
	$(PYTHON) -m venv .venv
	.venv/bin/pip install -q -e ".[dev]"

check:  ## format, lint, types
	ruff format --check .
	ruff check .
	mypy

test:  ## the default suite: offline, under 10 minutes on 2 cores
	$(PYTHON) -m pytest -n 2

slow:  ## studies and full installs
	$(PYTHON) -m pytest -m slow --override-ini addopts="--strict-markers -ra"

bench:  ## the ratios of docs/benchmarks.md
	OMP_NUM_THREADS=2 $(PYTHON) benchmarks/generation.py
	OMP_NUM_THREADS=1 $(PYTHON) benchmarks/wrappers.py
	OMP_NUM_THREADS=2 $(PYTHON) benchmarks/sweep.py
	OMP_NUM_THREADS=2 $(PYTHON) benchmarks/choice.py
	OMP_NUM_THREADS=2 $(PYTHON) benchmarks/reading.py
	$(PYTHON) benchmarks/report.py
	OMP_NUM_THREADS=1 $(PYTHON) benchmarks/board.py
	OMP_NUM_THREADS=2 $(PYTHON) benchmarks/clip_argmin.py
	OMP_NUM_THREADS=1 $(PYTHON) benchmarks/zero_shot.py
	OMP_NUM_THREADS=1 $(PYTHON) benchmarks/repro.py
	OMP_NUM_THREADS=1 $(PYTHON) benchmarks/tuning.py    # wants the extra `bench` (TRL)

board:  ## the leaderboard, in site/
	emt board build --out site

quickstart:
	emt quickstart
