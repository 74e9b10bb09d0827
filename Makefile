# Each target is one script or one command; the README gives the same in plain form.
.PHONY: setup demo test check audit fix media fuzz-media fuzz-api attack kill load bench bench-api bench-peers waterfall faces-sheet docs docs-serve

PYTHON ?= python3
BIN := .venv/bin
FUZZED := $(addprefix tests/contract/test_,raw_http.py bad_bodies.py forbidden_values.py \
	signature_changes.py openapi.py) tests/unit/api
HOSTILE := tests/console $(addprefix tests/contract/test_,connections.py hanging_store.py) \
	tests/unit/access tests/unit/bootstrap/test_erasure.py tests/integration/test_bad_input.py

# .venv/bin/passerby, ready to use
setup: $(BIN)/passerby

$(BIN)/passerby: requirements/run.txt pyproject.toml scripts/setup
	PYTHON=$(PYTHON) scripts/setup run

# what the tests need beside that
.venv/.dev: requirements/dev.txt pyproject.toml scripts/setup
	PYTHON=$(PYTHON) scripts/setup dev
	touch $@

demo: setup
	$(BIN)/python scripts/demo.py $(VIDEO)

test: .venv/.dev
	scripts/check
	scripts/audit
	$(BIN)/pytest

# every file of bad media; some of them are part of `test`
media: .venv/.dev
	$(BIN)/python -m tests.media.run

fuzz-media: .venv/.dev
	$(BIN)/python -m tests.media.fuzz --seconds $(or $(SECONDS),120) --seed $(or $(SEED),0) --keep demo/fuzz

check: .venv/.dev
	scripts/check

audit: .venv/.dev
	scripts/audit

fix: .venv/.dev
	scripts/fix

# requests that nobody should send: fifty times as many as `make test` sends
fuzz-api: .venv/.dev
	$(BIN)/pytest --hypothesis-profile=long $(FUZZED)

# what somebody hostile would try, as long as it takes; `make test` holds short forms of all of it
attack: .venv/.dev
	$(BIN)/pytest --hypothesis-profile=long $(FUZZED) $(HOSTILE)
	$(BIN)/python -m tests.media.fuzz --seconds $(or $(SECONDS),600) --seed $(or $(SEED),0) --keep demo/fuzz
	$(BIN)/python -m tests.harness.kill

# kill the service's processes at any moment, fill its disk: nothing may be lost
kill: .venv/.dev
	$(BIN)/python -m tests.harness.kill

bench: .venv/.dev
	$(BIN)/python -m benchmarks.run

bench-api: .venv/.dev
	$(BIN)/python -m benchmarks.api_load

# what each stage costs: the table of docs/speed.md, and its picture
waterfall: .venv/.dev
	$(BIN)/python -m benchmarks.waterfall

# 50 clients for ten minutes while videos are analysed
load: .venv/.dev
	$(BIN)/python -m benchmarks.load

# against what one would build from parts, which go into a .venv-peers of their own
bench-peers: .venv/.dev
	scripts/peers

# pictures of all faces found in ../shared/data, and of heads without, in demo/faces
faces-sheet: .venv/.dev
	$(BIN)/python -m benchmarks.faces_sheet

# the documentation as a site in build/site, from a .venv-docs of its own; any complaint fails
docs: setup
	scripts/site

docs-serve: docs
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory build/site
