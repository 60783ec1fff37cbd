# `make demo` and `make test` set up all they need in .venv; later runs reuse it.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test check lint types contracts pytest loopback docs format build bench matrix messages conformance schemas constraints clean

demo: $(READY)
	@$(BIN)/python examples/demo.py

test: check docs pytest loopback

check: lint types contracts

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports --no-cache

pytest: $(READY)
	$(BIN)/python -m pytest -n auto

# Where the loopback interface is the only one: all tests but those of browsers, of hostile input
# and of long builds, which are the same there and take most of the time.
LOOPBACK := tests/unit tests/properties tests/integration tests/test_house.py \
    $(addprefix tests/e2e/test_,cli.py cli_groups.py mcp.py mcp_session.py mcp_replicas.py \
    packaging.py same_answer.py sphinx.py sphinx_network.py)

loopback: $(READY)
	$(BIN)/python tests/loopback.py $(BIN)/python -m pytest -n auto $(LOOPBACK)

docs: $(READY)
	$(BIN)/python -m sphinx -W -n -q -j auto -b html docs docs/_build/html

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

build: $(READY)
	$(BIN)/python -m build --outdir dist

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up .venv (once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt pip
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt \
	    --build-constraint constraints.txt --group dev -e '.[sphinx]'
	@touch $(READY)

# The tests on each supported Python and Sphinx. Not a part of `make test`: it takes long.
matrix: $(READY)
	$(BIN)/python tests/matrix.py

# The official suites, from npm: conformance, Inspector, bundle. Not a part of `make test`.
conformance: $(READY)
	$(BIN)/python tests/conformance/run.py

# Measure, and write the tables of docs/reference/benchmarks.md. Takes minutes.
bench: $(READY)
	$(BIN)/python -m compileall -q pith_agent sphinx_pith
	$(BIN)/python -m benchmarks

# Renew the schemas of the tools, after a change of their arguments or results.
schemas: $(READY)
	@mkdir -p build
	$(BIN)/python -c 'from pith_agent.tools.catalogue import computed_schemas; print(computed_schemas(), end="")' \
	    > build/schemas.json && mv build/schemas.json pith_agent/tools/schemas.json

# Renew the message catalogues of sphinx_pith, after a change of its texts.
messages: $(READY)
	$(BIN)/python tests/messages.py

# Renew the pins: the newest versions that fit together in a new environment.
constraints:
	rm -rf build/constraints && $(PYTHON) -m venv build/constraints
	build/constraints/bin/python -m pip install -q -U pip hatchling
	build/constraints/bin/python -m pip install -q --group dev -e '.[sphinx]'
	{ head -1 constraints.txt; build/constraints/bin/python -m pip freeze --all \
	    --exclude setuptools --exclude-editable; } > constraints.new && mv constraints.new constraints.txt

clean:
	rm -rf .venv build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis
