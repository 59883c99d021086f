# Otvet. `make` lists the targets; PYTHON chooses the interpreter: make demo PYTHON=python3.12
PYTHON ?= python3
TEST_PROCESSES ?= 3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# pip's own progress bars need a terminal; these lines show where the time goes.
SAY := @printf '· %s\n'

# GGML_NATIVE makes quantised models crash on processors that advertise AMX, and a wheel that runs on this machine only.
# For a GPU (90: the compute capability of an H100, 89 of an L4; without it, for every card there is):
# .venv/bin/python -m pip cache remove llama_cpp_python, then make -B .venv/.llama BUILD_PROCESSES=16 \
#   LLAMA_FLAGS='-DGGML_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES=90 -DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF -DLLAMA_OPENSSL=OFF'
LLAMA_FLAGS := -DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF -DLLAMA_OPENSSL=OFF
BUILD_PROCESSES ?= 2

# make demo LLM_URL=… LLM_MODEL=… hands these to the processes it starts.
export LLM_URL LLM_MODEL LLM_API_KEY LLM_ADAPTERS ENGINE MODEL_PATH N_GPU_LAYERS SLOTS ANSWER_THRESHOLD ANSWER_DEADLINE_S
export LOG_LEVEL EMBEDDING_MODEL RERANKER_MODEL JUDGE_URL JUDGE_MODEL JUDGE_API_KEY
# The model in the worker is built from source, so only who asks for it waits for it.
LLAMA := $(if $(filter llama_cpp,$(ENGINE))$(MODEL_PATH),$(VENV)/.llama)
# sentence-transformers and torch are a gigabyte: only who asks for a sentence model waits for them.
MODELS := $(if $(EMBEDDING_MODEL)$(RERANKER_MODEL),$(VENV)/.models)

.DEFAULT_GOAL := help
.PHONY: help demo run install llama models test check bench-bot bench-delivery bench-reload bench-search bench-generation \
	bench-desk bench-guarantee bench-embedding bench-reranking bench-kills bench-llm clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.base $(LLAMA) $(MODELS) ## Try the bot in the browser, without a token: one address is printed
	@exec $(BIN)/otvet demo $(if $(PORT),--port $(PORT))

run: $(VENV)/.base $(LLAMA) $(MODELS) ## Run everything on this machine against Telegram; settings from .env
	@exec $(BIN)/otvet run

install: $(VENV)/.dev ## The full environment in .venv; .venv/bin/otvet is the command line

llama: $(VENV)/.llama ## What ENGINE=llama_cpp needs: builds llama.cpp, 3 to 8 minutes on two cores, once

models: $(VENV)/.models ## What EMBEDDING_MODEL and RERANKER_MODEL need: sentence-transformers and torch for the CPU, a gigabyte

# Most tests wait for other processes: three at a time share two cores well. Tests of one file stay together. What is
# imported is compiled once, not by each of hundreds of processes, whatever the environment says.
test: $(VENV)/.dev $(VENV)/.llama $(VENV)/.models ## Run all tests; TEST_PROCESSES=0 for one after another
	OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

check: $(VENV)/.dev ## ruff, mypy --strict, import-linter
	@status=0; for tool in 'ruff check .' 'ruff format --check .' mypy lint-imports; do \
		echo "$$tool"; $(BIN)/$$tool || status=1; done; exit $$status

bench-bot: $(VENV)/.dev ## Measure the bot's speed and memory into docs/benchmarks.md
	$(BIN)/python -m benchmarks.bot

bench-delivery: $(VENV)/.dev ## Hurt the whole product and count what is lost; ARGS='--kills 200' for longer
	$(BIN)/python -m benchmarks.delivery $(ARGS)

bench-desk: $(VENV)/.dev ## Play an hour at the operators' desk, against Telegram's limits; ARGS='--minutes 20' for less
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.desk $(ARGS)

bench-guarantee: $(VENV)/.dev ## Calibrate 1,000 simulated companies: what the threshold's promise is worth; seconds
	OPENBLAS_NUM_THREADS=1 $(BIN)/otvet eval calibrate --simulate $(ARGS)

bench-reload: $(VENV)/.dev ## Switch knowledge releases under 50 searches a second; ARGS='--chunks 2000' for less
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.reload $(ARGS)

# One thread: the peers' and our arithmetic alike. The peers live in an environment of their own, on top of .venv.
bench-search: $(VENV)-bench/.peers ## Measure search at 1k, 10k, 100k chunks beside its peers; ARGS='--sizes 1000' for less
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(VENV)-bench/bin/python -m benchmarks.search $(ARGS)

bench-generation: $(VENV)/.dev $(VENV)/.llama ## Measure answers of a model in the worker; ARGS='--models 0.5b --rounds 1' for less
	$(BIN)/python -m benchmarks.generation $(ARGS)

bench-kills: $(VENV)/.dev $(VENV)/.llama ## A thousand turns under kill -9 of worker, bot and Redis; ARGS='--engine extractive' for less
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.kills $(ARGS)

bench-llm: $(VENV)/.dev $(LLAMA) ## Your model on the evaluation's questions: make bench-llm LLM_URL=… LLM_MODEL=… [ARGS='--most 20']
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.llm $(ARGS)

bench-embedding: $(VENV)/.dev $(VENV)/.models ## Measure the process that holds the sentence model; ARGS='--questions 200' for less
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.embedding $(ARGS)

bench-reranking: $(VENV)/.dev $(VENV)/.models ## Measure what a reranker costs; ARGS='--times 5 --layers 12' for another
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.reranking $(ARGS)

clean: ## Remove the environment and caches; data/ stays
	rm -rf $(VENV) $(VENV)-bench .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: an installation is repeated only when its lock changes.
$(VENV)/.base: requirements/base.txt | $(BIN)/otvet
	$(SAY) 'installing the locked packages (about a minute on a good line)'
	@$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/base.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(BIN)/otvet
	$(SAY) 'installing the locked packages with the tools for tests and checks'
	@$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/dev.txt
	@touch $(VENV)/.base $@

$(VENV)-bench/.peers: benchmarks/search-requirements.txt | $(VENV)/.dev
	$(SAY) 'installing the peers that search is measured against'
	@$(BIN)/python -m venv $(VENV)-bench
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > $$($(VENV)-bench/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/otvet.pth
	@$(VENV)-bench/bin/python -m pip --disable-pip-version-check install --quiet -r $<

$(VENV)/.llama: requirements/llama.txt | $(VENV)/.base
	$(SAY) 'building llama.cpp (3 to 8 minutes on two cores; pip keeps the result)'
	@CMAKE_BUILD_PARALLEL_LEVEL=$(BUILD_PROCESSES) CMAKE_ARGS='$(LLAMA_FLAGS)' $(PIP) install --quiet --require-hashes \
		--only-binary :all: --no-binary llama-cpp-python -r requirements/base.txt -r requirements/llama.txt
	@touch $@

# A torch that is installed already is kept: that is how another platform's CPU build gets in (docs/operations.md).
$(VENV)/.models: requirements/models.txt | $(VENV)/.base
	$(SAY) 'installing sentence-transformers and torch for the CPU (a gigabyte; half a minute when the files are near)'
	@$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/base.txt -r requirements/models.txt || { \
		echo 'If torch was refused: there is no wheel for this Python or processor in the lock; docs/operations.md, «Sentence models», says how to install one.'; exit 1; }
	@touch $@

# No build step: the packages are imported from this folder, and the command is two lines of shell.
$(BIN)/otvet: | $(BIN)/python
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "otvet.pth").write_text(str(pathlib.Path.cwd()) + "\n", encoding="utf-8")'
	@printf '%s\n' '#!/bin/sh' 'exec "$$(dirname "$$(readlink -f "$$0")")/python" -m otvet "$$@"' > $@
	@chmod +x $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo 'Python was not found: install Python 3.11 or newer, or name it: make demo PYTHON=/path/to/python3'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1): name another one: make demo PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'Python comes without its venv module here: on Debian and Ubuntu, apt install python3-venv'; exit 1; }
	$(SAY) 'creating .venv'
	@$(PYTHON) -m venv $(VENV)
