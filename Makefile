PYTHON ?= python3
BIN := .venv/bin
BUF_VERSION := 1.75.0

# Services and commands are many processes; each would compile all our modules anew.
unexport PYTHONDONTWRITEBYTECODE

# A file stays in one process, which makes its servers once; each process has up to a core.
ON_ALL_CORES := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Counts what pip works on; its errors and its status stay.
INSTALLING := awk '/^Collecting/ { printf "\r    %d packages", ++n; fflush() } \
    /ERROR|error/ { print "\n" $$0 } /^status / { ok = $$2 == "0" } END { print ""; exit !ok }'

.DEFAULT_GOAL := help
.PHONY: help install kernels demo demo-warning demo-network demo-province demo-console console-screenshots deb deb-trial test test-fast test-alone check proto released-proto reference models-pages translations docs lock sbom audit bench bench-full bench-peers fleet clean

help:  ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

install: .venv/installed  ## Make .venv with pinned dependencies and the fanzha command

.venv/installed: requirements/dev.lock requirements/overwritten.awk pyproject.toml hatch_build.py $(wildcard kernels/*)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Python 3.11 or newer is needed; set PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' \
	    || { echo "This Python cannot make virtual environments; on Debian: apt install python3-venv"; exit 1; }
	@echo "1/3 making .venv"
	@$(PYTHON) -m venv .venv
	@echo "2/3 installing the packages of requirements/dev.lock, some minutes"
	@{ $(BIN)/pip install --disable-pip-version-check --require-hashes -r requirements/dev.lock 2>&1; \
	    echo "status $$?"; } | $(INSTALLING)
	@awk -f requirements/overwritten.awk requirements/dev.lock > .venv/overwritten.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --force-reinstall \
	    -r .venv/overwritten.lock
	@echo "3/3 installing fanzha"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install  ## Decide example traffic through real gRPC, with nothing but Python
	$(BIN)/python -m examples.demo

demo-warning: install  ## Follow three waves of fraud to people who were warned, by a real SMPP server (needs node, npm)
	$(BIN)/python -m examples.warning_demo

demo-network: install  ## Let a campaign use four real networks, and an appeal lift it in all (needs kamailio, sip-tester, unbound, node, npm)
	$(BIN)/python -m examples.network_demo

demo-province: install  ## Live through a week of a province: lists, warnings, robot, incident, entity, desk, assessment (needs node, npm)
	$(BIN)/python -m examples.province_demo

demo-console: install  ## Show the console over two years of a made-up province, until Ctrl-C
	$(BIN)/python -m examples.console_demo

console-screenshots: install  ## Take the screenshots of docs/console from the province of demo-console (needs chromium)
	$(BIN)/python -m tools.console_screenshots

test: install  ## Run all tests on all cores in a random order, with a Valkey for each core
	$(BIN)/pytest -q -rs $(ON_ALL_CORES) $(ARGUMENTS)

test-fast: install  ## Run the tests that start no server, with fewer examples and without the slowest
	$(BIN)/pytest -q $(ON_ALL_CORES) -m 'not slow' --hypothesis-profile fast tests/unit $(ARGUMENTS)

test-alone: install  ## Run each test file in a process of its own (an hour; ARGUMENTS='--sample 20')
	$(BIN)/python -m tests.support.run_alone $(ARGUMENTS)

check: install  ## Lint, types, import contracts, proto style, generated code, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	npx --yes @bufbuild/buf@$(BUF_VERSION) lint proto
	npx --yes @bufbuild/buf@$(BUF_VERSION) breaking proto --against proto/released.binpb
	$(MAKE) --no-print-directory proto
	git diff --exit-code -- fanzha/v1
	$(MAKE) --no-print-directory docs

kernels:  ## Compile kernels/ into fanzha/libfanzha.so, as make install does
	$(BIN)/python hatch_build.py

proto: install  ## Make fanzha/v1 from proto/
	$(BIN)/python -m grpc_tools.protoc --proto_path=proto --python_out=. --grpc_python_out=. \
	    --plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy \
	    --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc \
	    --mypy_out=. --mypy_grpc_out=. $$(find proto -name '*.proto' | sort)

released-proto:  ## Record the proto of a release, which no later one may break (needs npx)
	npx --yes @bufbuild/buf@$(BUF_VERSION) build proto --exclude-source-info -o proto/released.binpb

reference: install  ## Make the pages of docs/reference that come from code
	$(BIN)/python -m tools.reference

models-pages: install  ## Render docs/models from the cards of the newest bundles, with plots where matplotlib is
	$(BIN)/python -m classifiers.training.pages

translations: install  ## Bring the Chinese texts up to date with the code, and compile them
	$(BIN)/python -m tools.translation

docs: install  ## Build the documentation into site/, and fail on a broken link
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lock:  ## Pin dependencies anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url pyproject.toml -o requirements/runtime.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url pyproject.toml --extra dns --extra envoy --extra sms --extra traces \
	    -c requirements/runtime.lock -o requirements/adapters.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url pyproject.toml --group dev -c requirements/runtime.lock \
	    -o requirements/dev.lock
	printf 'hatchling>=1.27\nziglang>=0.14\n' | uv pip compile --quiet --universal --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate --no-emit-index-url \
	    -c requirements/dev.lock - -o requirements/build.lock

	printf 'cyclonedx-bom>=7\npip-audit>=2.10\n' | uv pip compile --quiet --universal --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate --no-emit-index-url \
	    - -o requirements/supply-chain.lock

.venv/supply-chain: requirements/supply-chain.lock
	@$(PYTHON) -m venv .venv/supply-chain-tools
	@.venv/supply-chain-tools/bin/pip install --quiet --disable-pip-version-check --require-hashes \
	    -r requirements/supply-chain.lock
	@touch $@

sbom: install .venv/supply-chain  ## Write what a release is made of (CycloneDX) to dist/
	@mkdir -p dist
	@for lock in runtime adapters; do \
	    .venv/supply-chain-tools/bin/cyclonedx-py requirements --pyproject pyproject.toml \
	        --output-reproducible --output-file dist/fanzha-$$lock.cdx.json requirements/$$lock.lock \
	    && echo "dist/fanzha-$$lock.cdx.json"; done

deb: install  ## Build dist/fanzha_*.deb for this Debian (needs dpkg-deb, python3-venv)
	@$(BIN)/python -m tools.debian_package $(ARGUMENTS)

deb-trial:  ## Install dist/fanzha_*.deb in a copy of this system, start, update and purge it (needs root)
	deploy/debian/trial "$$(ls -t dist/fanzha_*.deb | head -1)"

audit: install .venv/supply-chain  ## Look for known vulnerabilities of what a release is made of
	@.venv/supply-chain-tools/bin/pip-audit --disable-pip --require-hashes --progress-spinner off \
	    --format json --requirement requirements/adapters.lock 2>/dev/null \
	    | $(BIN)/python -m tools.dependency_audit

bench: install  ## Measure load and hold it against benchmarks/thresholds.toml
	$(BIN)/fanzha bench quick $(ARGUMENTS)

bench-full: bench  ## The same, then overload and the sweeps
	$(BIN)/fanzha bench overload $(ARGUMENTS)
	$(BIN)/fanzha bench sweep $(ARGUMENTS)

bench-peers: install  ## Measure what a carrier would use instead, beside us
	$(BIN)/python -m benchmarks.peers $(ARGUMENTS)

fleet: install  ## Run three hosts and six store nodes through a plan of faults (needs root, iproute2, e2fsprogs; libfaketime)
	$(BIN)/python -m benchmarks.fleet $(ARGUMENTS)

clean:  ## Remove what can be made again
	rm -rf site .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
