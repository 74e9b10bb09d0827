# Each target is one script or one command; the README gives the same in plain form.
.PHONY: setup demo test check fix bench bench-api bench-peers waterfall faces-sheet

PYTHON ?= python3
BIN := .venv/bin

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
	$(BIN)/pytest

check: .venv/.dev
	scripts/check

fix: .venv/.dev
	scripts/fix

bench: .venv/.dev
	$(BIN)/python -m benchmarks.run

bench-api: .venv/.dev
	$(BIN)/python -m benchmarks.api_load

# what each stage costs: the table of docs/speed.md, and its picture
waterfall: .venv/.dev
	$(BIN)/python -m benchmarks.waterfall

# against what one would build from parts, which go into a .venv-peers of their own
bench-peers: .venv/.dev
	scripts/peers

# pictures of all faces found in ../shared/data, and of heads without, in demo/faces
faces-sheet: .venv/.dev
	$(BIN)/python -m benchmarks.faces_sheet
