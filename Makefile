# Works on a machine with ROS 2 sourced, and on a bare one with Python 3.10 to 3.14, a C++ compiler and CMake.
PYTHON ?= python3
SHELL := /bin/bash

# A shell in which python, infonet and the node all work. Where ROS 2 is sourced there is no .venv.
ACTIVATE := $(if $(ROS_DISTRO),,. .venv/bin/activate &&) . install/setup.bash &&

# Read again each time (-E), or a warning is given only once; every warning is an error.
SPHINX := python3 -m sphinx -q -E -W --keep-going -c docs

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-jazzy quick lint docs bench pictures lock audit faults fuzz clean

help:  ## This list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup:  ## Make .venv (bare machine only), build the messages, install the package under install/
	@$(PYTHON) scripts/setup_workspace.py

demo: setup  ## Replay a real robot's recording into the node and watch the matrix, about a minute
	@$(ACTIVATE) infonet demo

# One thread each: node and test share the cores, and threads that wait for each other by spinning slow both. Python
# stores compiled files even if the environment forbids it, because the tests start many processes.
# Where pytest-xdist is installed, two cores run three processes of tests, because those of the node wait for messages
# most of their time; the tests of a file stay in one process, with their ROS domain.
PYTEST := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= python3 -m pytest \
  $$(python3 -c "import os, xdist; print('-n', os.cpu_count() * 3 // 2, '--dist loadfile')" 2>/dev/null)

test: setup  ## All tests
	@$(ACTIVATE) $(PYTEST)

# All of Jazzy is under .jazzy; the variables of another ROS 2 are removed. PYENV_VERSION is for users of pyenv.
JAZZY_PYTHON ?= python3.12
test-jazzy:  ## The tests of the node with the wheels of ROS 2 Jazzy, on Python 3.12
	@unset ROS_DISTRO AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH PYTHONPATH; \
	  PYENV_VERSION=3.12 ROS_WHEELS=jazzy $(JAZZY_PYTHON) scripts/setup_workspace.py && \
	  . .jazzy/.venv/bin/activate && . .jazzy/install/setup.bash && $(PYTEST) test/node test/launch

# The parts whose tests start no other process.
quick: setup  ## The tests that take about a minute: from samples to matrices
	@$(ACTIVATE) $(PYTEST) test/config test/dependence test/drawing test/estimator test/intake test/test_settings.py

lint: setup  ## Style, types, which part imports which (pyproject.toml), and every link of the documentation
	@$(ACTIVATE) { \
	  python3 -m ruff check .; style=$$?; python3 -m mypy; types=$$?; lint-imports --no-cache; rooms=$$?; \
	  $(SPHINX) -b dummy . site; exit $$((style || types || rooms || $$?)); }

docs: setup  ## The documentation as a site, under site/
	@$(ACTIVATE) $(SPHINX) . site && echo "The documentation is site/docs/index.html."

# The extra `bench` of setup.py installs the other estimators; if ROS 2 is sourced, install them yourself.
bench: setup  ## Compare with other estimators, under 3 minutes; LONG=1 makes the figures of docs/, on a quiet machine
	@$(if $(ROS_DISTRO),,.venv/bin/pip install -q uv && VIRTUAL_ENV=.venv .venv/bin/uv pip install -q -r setup.py --extra bench)
	@$(ACTIVATE) python3 -m benchmarks $(if $(LONG),--long)

pictures: setup  ## Draw the pictures of README.md, docs/ and examples/ again from the recordings that come with the package
	@$(ACTIVATE) python3 scripts/pictures.py && python3 examples/motion_study/motion_study.py

lock:  ## Write scripts/requirements.lock again from scripts/requirements.in, for every Python at once
	@.venv/bin/pip install -q uv
	@.venv/bin/uv pip compile -q --universal --python-version 3.10 --no-annotate --no-header scripts/requirements.in \
	  | grep -v -E '^(nvidia-|cuda-|triton)' > scripts/requirements.lock
	@.venv/bin/uv pip compile -q --python-version 3.12 --no-annotate --no-header scripts/requirements-jazzy.in \
	  | grep -v -E '^(nvidia-|cuda-|triton)' > scripts/requirements-jazzy.lock

audit:  ## Check the pinned packages for known vulnerabilities (pip-audit); fails if its source cannot be reached
	@.venv/bin/pip install -q uv
	@.venv/bin/uvx -q pip-audit --strict --no-deps --disable-pip -r scripts/requirements.lock

faults: setup  ## An hour of faults in six minutes, on a machine without other work: docs/reliability.md
	@$(ACTIVATE) OMP_NUM_THREADS=1 python3 -m benchmarks.reliability --long

SECONDS ?= 60
fuzz: setup  ## Feed damaged bags, tables and settings to their readers for SECONDS=60, guided by coverage (Atheris)
	@$(ACTIVATE) { python3 -c "import atheris" 2>/dev/null || python3 -m pip install -q atheris; } \
	  && python3 fuzz/run.py --seconds $(SECONDS)

clean:  ## Remove everything that the other targets made
	rm -rf .venv venv .jazzy build install log demo_output bench_output site .pytest_cache .mypy_cache .ruff_cache .hypothesis
