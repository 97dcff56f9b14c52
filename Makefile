# demo: the whole story.  test: everything that must hold.  DATA=folder-or-manifest, SERVE=0, PORT=8000
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check
FOLDERS := index training service eval scripts
CODE := $(foreach folder,$(FOLDERS),holotype/$(folder)/) holotype tests

.PHONY: demo test lint fix bench web clean
.DELETE_ON_ERROR:

demo: .venv/demo
	$(BIN)/holotype demo $(DATA) $(if $(filter 0,$(SERVE)),--no-serve) $(if $(PORT),--port $(PORT))

test: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: .venv/dev
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: .venv/dev
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

bench: .venv/dev
	$(BIN)/python -m holotype.scripts.bench

# The pages' scripts; what is built is committed, so only who changes them needs Node.
web:
	cd service/web && npm ci && npm run build

clean:
	rm -rf .venv build dist holotype-demo *.egg-info

.venv/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Holotype needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

# requirements.lock pins every version; the extras only say which of them are needed.
.venv/demo: pyproject.toml requirements.lock | .venv/bin/pip links
	@echo "Installing into .venv (torch is large: a few minutes the first time) …"
	$(PIP) install -q -c requirements.lock -e .
	touch $@

.venv/dev: pyproject.toml requirements.lock | .venv/bin/pip links
	@echo "Installing into .venv (torch is large: a few minutes the first time) …"
	$(PIP) install -q -c requirements.lock -e '.[dev]'
	$(PIP) install -q -c requirements.lock --no-deps milvus-lite  # its faiss-cpu would replace ours
	touch $@ .venv/demo

.PHONY: links
links:
	@for folder in $(FOLDERS); do test -d holotype/$$folder || { \
	  echo "holotype/$$folder is not a link to ../$$folder: this checkout lost its symbolic links; clone it where they are kept (on Windows: git config core.symlinks true)."; exit 1; }; done
