# The verbs of the book; `make` alone lists them. Each does only what is missing, so any of them can be the first.

.DEFAULT_GOAL := help
.PHONY: help book serve pdf port test bench references lint lock clean environment test-environment assets
MAKEFLAGS += --no-print-directory

PORT ?= 8000
BIN := .venv/bin
FIND_PYTHON = python="$$(scripts/find-python "$(PYTHON)")" &&

# Everything that a tool would keep in the home folder stays in the clone. HOME and the user's own configuration of pip
# and npm (an index, a proxy, a certificate) are left as they are.
CACHE := $(CURDIR)/.cache
export XDG_CACHE_HOME := $(CACHE)
export PIP_CACHE_DIR := $(CACHE)/pip
export npm_config_cache := $(CACHE)/npm
export UV_CACHE_DIR := $(CACHE)/uv
export MPLCONFIGDIR := $(CACHE)/matplotlib
export IPYTHONDIR := $(CACHE)/ipython
export JUPYTER_CONFIG_DIR := $(CACHE)/jupyter/config
export JUPYTER_DATA_DIR := $(CACHE)/jupyter/data
export JUPYTER_RUNTIME_DIR := $(CACHE)/jupyter/runtime
export JUPYTERLAB_SETTINGS_DIR := $(CACHE)/jupyter/lab/settings
export JUPYTERLAB_WORKSPACES_DIR := $(CACHE)/jupyter/lab/workspaces
export HYPOTHESIS_STORAGE_DIRECTORY := $(CACHE)/hypothesis
export PYTHONNOUSERSITE := 1
export PYTHONUTF8 := 1
# The environment of the clone decides what is imported, not the shell from which make was called.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

help: ## List these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

book: environment assets ## Build the book and print where its index.html is
	@$(BIN)/python scripts/book.py

serve: port book ## Build the book and serve it on http://localhost:8000 (PORT=… for another port)
	@$(BIN)/python scripts/serve.py "$(PORT)"

pdf: book ## Print the whole book as one PDF and print where it is
	@$(BIN)/python scripts/pdf.py

port:
	@case "$(PORT)" in ''|*[!0-9]*) echo "PORT=$(PORT) is not a port: give a number from 1 to 65535." >&2; exit 1;; esac

test: test-environment book ## Run every test
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest --numprocesses=2 --dist=loadfile $(PYTEST)

bench: test-environment book ## Measure how fast counting, predicting and the calculators are
	@$(BIN)/python -m benchmarks

references: test-environment ## Keep the outputs of all pages anew, for the tests to compare with
	@$(BIN)/python scripts/references.py

lint: test-environment ## Check the style of the Python files
	@$(BIN)/python -m ruff check .

lock: test-environment ## Resolve the dependencies in pyproject.toml anew, into requirements*.txt
	@scripts/lock

clean: ## Remove all that the other verbs made
	rm -rf .venv .cache _build _assets/vendor node_modules .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment:
	@$(FIND_PYTHON) "$$python" scripts/environment.py requirements.txt

test-environment: environment
	@$(FIND_PYTHON) "$$python" scripts/environment.py requirements-test.txt

assets: environment
	@$(BIN)/python scripts/assets.py
