# make demo               the story of a hundred koperasi, on a database of its own; Ctrl-C ends it
# make demo ARGS=--once   the same, ending after the tables
# make test               every check that CI runs
# make bench ARGS=orders  the measurements; all of them without ARGS

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet install

.PHONY: demo test bench clean
.SILENT:
.DELETE_ON_ERROR:

demo: $(VENV)/demo.stamp
	$(BIN)/jaringan demo $(ARGS)

test: $(VENV)/dev.stamp $(VENV)/generators/.stamp openapi/node_modules/.stamp
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/jaringan openapi --check
	cd openapi && node_modules/.bin/spectral lint --quiet --fail-severity=warn -r spectral.yaml openapi.json
	cd openapi && node_modules/.bin/redocly lint --extends recommended-strict --format=summary openapi.json
	$(BIN)/pytest $(ARGS)

bench: $(VENV)/dev.stamp
	$(BIN)/jaringan bench $(ARGS)

clean:
	rm -rf $(VENV) openapi/node_modules

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "Python 3.11 or later is needed: name one, as in make demo PYTHON=python3.12" >&2; exit 1; }
	echo "menyiapkan $(VENV) / preparing $(VENV)" >&2
	$(PYTHON) -m venv $(VENV)

# what is pinned with hashes, then the project itself, as it lies here
$(VENV)/demo.stamp $(VENV)/dev.stamp: $(VENV)/%.stamp: requirements/%.txt pyproject.toml | $(BIN)/python
	echo "memasang paket / installing packages ($*)" >&2
	$(PIP) --require-hashes --no-deps --requirement requirements/$*.txt
	$(PIP) --no-deps --editable .
	touch $@

# what makes a Python client of the contract; its packages are not those of the service
$(VENV)/generators/.stamp: requirements/generators.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/generators
	$(VENV)/generators/bin/python -m pip --disable-pip-version-check --no-input --quiet install \
		--require-hashes --no-deps --requirement requirements/generators.txt
	touch $@

# what lints the contract and makes clients of it; the lock file holds the hashes
openapi/node_modules/.stamp: openapi/package.json openapi/package-lock.json
	cd openapi && npm ci --silent --no-audit --no-fund --ignore-scripts
	touch $@
