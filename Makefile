# Everything a stranger needs: `make demo` and `make test`. Python 3.11 and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-of-
.DEFAULT_GOAL := help
# Thirteen processes start here: they must find compiled modules, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE
# Nor does a process of ours fork once it speaks gRPC; one that starts a program must not be taken for one that does.
export GRPC_ENABLE_FORK_SUPPORT := 0
.PHONY: help demo demo-stop test bench peers check soak lint types contracts stubs lock clean
# How long `make soak` fuzzes each target, and how many streams it breaks.
SECONDS ?= 60
BREAKS ?= 10000

help: ## What there is to type
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: $(STAMP)demo ## A whole province on this machine; KEEP=1 leaves it up, FRESH=1 makes it anew
	@$(BIN)/python -m deploy.demo $(if $(KEEP),--keep) $(if $(FRESH),--fresh)

demo-stop: $(STAMP)demo ## Stop a demo that was left up
	@$(BIN)/python -m deploy.demo --stop

test: $(STAMP)dev ## Every test but the long ones
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

bench: $(STAMP)dev ## Benchmarks, small; one at length: NAME=fanout ARGS="--json out.json"
	@$(if $(NAME),$(BIN)/python -m bench.$(NAME) $(ARGS),$(BIN)/python -m bench.fanout --people 1500 --repeats 1 --count 60 && \
	  $(BIN)/python -m bench.growth --small && $(BIN)/python -m bench.soak --people 1000 --minutes 1)

check: lint types contracts test ## What CI runs: lint, types, imports, sizes, vocabulary, stubs, then the tests

soak: $(STAMP)soak ## The long ones: every fuzzer for SECONDS=60, then BREAKS=10000 streams broken under load
	@$(BIN)/python -m tests.fuzz.soak --seconds $(SECONDS); fuzzed=$$?; \
	  $(BIN)/python -m tests.soak.breaks --breaks $(BREAKS) && exit $$fuzzed

lint: $(STAMP)dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/buf lint protos
	@$(BIN)/squawk --config .squawk.toml federation/*/migrations/*.sql node/migrations/*.sql coordinator/migrations/*.sql

types: $(STAMP)dev
	@$(BIN)/mypy

contracts: $(STAMP)dev
	@$(BIN)/lint-imports

stubs: $(STAMP)dev ## Make federation/v1 anew from protos/
	@PYTHON=$(BIN)/python protos/generate.sh

lock: ## Resolve the requirements anew
	@UV=$$(sh deploy/find-uv.sh $(PYTHON)) && for group in demo dev soak; do \
	  $$UV pip compile pyproject.toml --group $$group --universal --generate-hashes --no-emit-index-url \
	    --python-version 3.11 --quiet --custom-compile-command "make lock" -o requirements/$$group.lock; done && \
	  $$UV pip compile --group bench --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
	    --quiet --custom-compile-command "make lock" -o requirements/bench.lock && \
	  $$UV pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
	    --quiet --custom-compile-command "make lock" -o requirements/run.lock

peers: ## Install the open tools that bench.matching and bench.compare measure beside ours, in .peers
	@UV=$$(sh deploy/find-uv.sh $(PYTHON)) && $$UV venv --quiet --allow-existing --python $(PYTHON) .peers && \
	  $$UV pip sync --quiet --require-hashes --python .peers/bin/python requirements/bench.lock

clean: ## Remove what was installed and built here
	@rm -rf $(VENV) .tools .bench .peers .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis demo.json

# The environment holds what its lock names, and the checkout itself; the dev lock holds all that the demo needs, the
# soak lock all that the dev lock does.
$(STAMP)dev: requirements/dev.lock pyproject.toml
	@sh deploy/install.sh $(PYTHON) $(VENV) requirements/dev.lock
	@rm -f $(STAMP)soak && touch $@ $(STAMP)demo

$(STAMP)demo: requirements/demo.lock pyproject.toml
	@sh deploy/install.sh $(PYTHON) $(VENV) requirements/demo.lock
	@rm -f $(STAMP)dev $(STAMP)soak && touch $@

$(STAMP)soak: requirements/soak.lock pyproject.toml
	@sh deploy/install.sh $(PYTHON) $(VENV) requirements/soak.lock
	@touch $@ $(STAMP)dev $(STAMP)demo
