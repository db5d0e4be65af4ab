# Everything Shuke needs is set up by the first `make`; nothing is written outside this folder.

MAKEFLAGS += --no-print-directory
PYTHON ?= python3
RUN := .venv/bin/python
UV := .tools/bin/uv
SOURCES := $(shell find shuke -name '*.html' -o -name '*.py')
CATALOGUES := $(wildcard shuke/*/locale/*/LC_MESSAGES/*.po)

export UV_CACHE_DIR ?= $(CURDIR)/.tools/cache/uv
export UV_PYTHON_DOWNLOADS = never
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export npm_config_cache ?= $(CURDIR)/.tools/cache/npm
export npm_config_update_notifier = false
export npm_config_loglevel = error
# Containers often forbid Python to keep what it has compiled; then each of our many processes would compile it all anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: wheel help setup demo serve work test check audit format messages docs lock bench screenshots clean

help: ## Show what can be made
	@echo "熟客 Shuke"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

setup: .venv/.assets .venv/.catalogues ## Set up all that the other targets need
	@:

demo: setup ## Try it: a demo shop with two years of orders, opened at http://127.0.0.1:8000
	@SHUKE_HOME="$${SHUKE_HOME:-$(CURDIR)/var/demo}" exec $(RUN) -m shuke.cli.main demo

serve: setup ## Run it for your own shop: pages, worker and database together
	@exec $(RUN) -m shuke.cli.main serve

work: setup ## Run one more worker
	@exec $(RUN) -m shuke.cli.main work

test: setup ## Run every test, those in a browser included
	@$(RUN) tools/browser.py || { [ $$? -eq 3 ] && without="not browser"; } || exit 1; \
	exec $(RUN) -m pytest -q -n 2 --dist worksteal -m "$$without" $(TESTS)

check: setup ## Look at style, types, imports, catalogues and docs (under a minute)
	@$(RUN) tools/check.py

audit: setup ## Look for known holes in what Shuke is built on (asks the registries' services)
	@$(RUN) tools/audit.py

format: setup ## Put the code into its one form
	@$(RUN) -m ruff format -q . && $(RUN) -m ruff check -q --fix .

messages: setup ## Collect texts to be translated, and say which have no Chinese yet
	@$(RUN) tools/catalogue.py

docs: setup ## Write the pages under docs/reference again from the code
	@$(RUN) -m shuke.cli.main docs --write docs/reference

wheel: setup ## Build the wheel, with everything a machine without Node needs, into dist/
	@$(RUN) tools/wheel.py

lock: .tools/.uv ## Choose the newest allowed versions of all packages
	@cd requirements && for name in run dev; do \
		../$(UV) pip compile -q --universal --upgrade --generate-hashes --no-emit-index-url --no-header \
			--python-version 3.11 $$name.in -o $$name.lock || exit 1; done

bench: setup ## Measure what docs/performance.md quotes
	@for figure in $(filter-out bench/ground.py,$(wildcard bench/*.py)); do $(RUN) $$figure || exit 1; done

screenshots: setup ## Take the pictures of README again from a running demo
	@$(RUN) tools/screenshots.py

clean: ## Remove what was installed and made here, but no data (var/ stays)
	rm -rf .tools .venv node_modules shuke/console/static/vendor .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.tools/.uv: requirements/uv.lock
	@echo "→ preparing the tools (once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Shuke needs Python 3.11 or newer: apt-get install python3 python3-venv"; exit 1; }
	@[ -x .tools/bin/python ] || $(PYTHON) -m venv .tools \
		|| { rm -rf .tools; echo "Python cannot make an environment: apt-get install python3-venv"; exit 1; }
	@.tools/bin/python -m pip install -q --no-cache-dir --no-warn-script-location --require-hashes -r requirements/uv.lock
	@touch $@

.venv/.packages: .tools/.uv requirements/dev.lock
	@echo "→ installing Python packages (once)"
	@[ -x $(RUN) ] || $(UV) venv -q --python .tools/bin/python .venv
	@$(UV) pip sync -q --require-hashes --python $(RUN) requirements/dev.lock
	@$(RUN) tools/place.py
	@touch $@

.venv/.assets: .venv/.packages package-lock.json tools/assets.py $(SOURCES)
	@command -v npm >/dev/null || { echo "npm is missing: apt-get install nodejs npm"; exit 1; }
	@[ -d node_modules ] || echo "→ fetching style sheets and scripts (once)"
	@$(RUN) tools/assets.py
	@touch $@

.venv/.catalogues: .venv/.packages $(CATALOGUES) tools/catalogue.py
	@$(RUN) tools/catalogue.py --compile
	@touch $@
