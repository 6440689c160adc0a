# Each target is one line over `python -m PACKAGE`; set-up is implicit.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UV_VERSION := 0.13.9
CHECKOV_VERSION := 3.3.30
# What runs Terraform; it has to reach its providers.
TERRAFORM_COMMAND ?= terraform
PY := .venv/bin/python
STAMP := .venv/locks.stamp
REPORT ?= data/sample_sales.csv
SERVE ?= 1

$(STAMP): locks/dev.txt
	@command -v python3 >/dev/null || { echo "python3 was not found; install Python 3.11 or newer." >&2; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "Python 3.11 or newer is needed; python3 is $$(python3 --version 2>&1)." >&2; exit 1; }
	@echo "Setting up .venv (first time only) ..."
	@test -x $(PY) || python3 -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@.venv/bin/uv pip sync --quiet --compile-bytecode --python $(PY) --system-certs --require-hashes locks/dev.txt
	@touch $@

.PHONY: help
help: ## Show this help.
	@grep -E '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(STAMP) ## Make .venv with the locked dependencies (every target does it when needed).

.PHONY: run
run: $(STAMP) ## The whole pipeline on REPORT, then API and page (SERVE=0: without them).
	@$(PY) -m pipeline run "$(REPORT)" --serve $(SERVE)

.PHONY: up
up: $(STAMP) ## The local cloud alone, provisioned, in the foreground.
	@$(PY) -m pipeline up

.PHONY: build
build: $(STAMP) ## dbt build against the cloud that runs.
	@$(PY) -m pipeline build

.PHONY: analyses
analyses: $(STAMP) ## Answer the questions of analyses/ on the cloud that runs.
	@$(PY) -m pipeline analyses

.PHONY: export
export: $(STAMP) ## Train, certify and publish the scikit-learn models.
	@$(PY) -m pipeline export

.PHONY: serve
serve: $(STAMP) ## API and page on http://127.0.0.1:8080.
	@$(PY) -m pipeline serve

.PHONY: test
test: $(STAMP) ## All tests but the long ones, a file to each core.
	@$(PY) -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder \
	-m "not soak and not cloud"

# What measures seconds runs by itself.
ALONE := tests/browser/ tests/api/test_load.py

.PHONY: soak
soak: $(STAMP) ## Load, long fuzzing, sabotage and millions of rows.
	@$(PY) -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder -m soak \
	$(ALONE:%=--ignore=%)
	@$(PY) -m pytest -m soak $(ALONE)

.PHONY: fidelity
fidelity: $(STAMP) ## Ask the recorded cases and write the table of emulator/README.md.
	@WRITE_FIDELITY=1 $(PY) -m pytest -q tests/conformance

.PHONY: lint
lint: $(STAMP) ## ruff, mypy, sqlfluff, hadolint and terraform fmt.
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@.venv/bin/mypy cloud ingest export api emulator pipeline deploy
	@.venv/bin/sqlfluff lint --disable-progress-bar models tests/dbt analyses
	@if test -x .venv/bin/hadolint; then .venv/bin/hadolint Dockerfile; \
	else echo "hadolint has no wheel here: the Dockerfile was not checked." >&2; fi
	@if command -v terraform >/dev/null; then terraform fmt -check -recursive terraform; \
	else echo "terraform was not found: its files were not checked." >&2; fi

.PHONY: check-terraform
check-terraform: $(STAMP) ## validate, test (mocked providers) and checkov on terraform/.
	@$(TERRAFORM_COMMAND) -chdir=terraform init -backend=false -input=false >/dev/null
	@$(TERRAFORM_COMMAND) -chdir=terraform validate
	@$(TERRAFORM_COMMAND) -chdir=terraform test
	@.venv/bin/uv tool run --system-certs --from checkov==$(CHECKOV_VERSION) checkov -d . --skip-path .venv \
	--skip-path tests --framework terraform dockerfile github_actions --compact --quiet --skip-download

.PHONY: verify-cloud
verify-cloud: $(STAMP) ## Compare the local engine with real BigQuery (PROJECT=…), in a scratch dataset.
	@$(PY) -m tests.verification --project "$(PROJECT)" $(if $(LOCATION),--location "$(LOCATION)")

.PHONY: deploy
deploy: $(STAMP) ## Google Cloud: build, apply, run (PROJECT=… REGION=… [REPORT=file.csv] [YES=1]).
	@$(PY) -m deploy up --project "$(PROJECT)" --region "$(REGION)" $(if $(YES),--yes) \
	$(if $(filter command% environment%,$(origin REPORT)),--report "$(REPORT)")

.PHONY: destroy
destroy: $(STAMP) ## Take all of it away from Google Cloud; says what would be lost, and asks.
	@$(PY) -m deploy destroy --project "$(PROJECT)" --region "$(REGION)" $(if $(YES),--yes)

.PHONY: bench
bench: $(STAMP) ## Benchmarks: ratios against named rivals.
	@$(PY) -m benchmarks

.PHONY: bench-serving
bench-serving: $(STAMP) ## What an answer of the API costs, against three rivals (needs wrk).
	@$(PY) -m benchmarks.serving

.PHONY: audit
audit: $(STAMP) ## Look for known vulnerabilities of what the API is locked to (asks osv.dev).
	@.venv/bin/pip-audit --strict --vulnerability-service osv --disable-pip --require-hashes \
	-r locks/api.txt

.PHONY: lock
lock: $(STAMP) ## Renew locks/ from pyproject.toml.
	@for extra in api pipeline dev; do \
	.venv/bin/uv pip compile --quiet --system-certs --universal --python-version 3.11 \
	--generate-hashes --no-annotate --custom-compile-command "make lock" \
	--extra $$extra pyproject.toml -o locks/$$extra.txt || exit 1; done
	@echo bigframes | .venv/bin/uv pip compile --quiet --system-certs --universal \
	--python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" \
	- -o locks/bigframes.txt
	@printf '%s\n' scikit-learn pandas google-cloud-storage \
	"xgboost-cpu; platform_machine == 'x86_64' and sys_platform == 'linux'" \
	"xgboost; platform_machine != 'x86_64' or sys_platform != 'linux'" | \
	.venv/bin/uv pip compile --quiet --system-certs --universal --python-version 3.11 \
	--generate-hashes --no-annotate --custom-compile-command "make lock" \
	-c locks/dev.txt - -o locks/consumer.txt

.PHONY: exact-trees
exact-trees: $(STAMP) ## Fetch the XGBoost versions that BigQuery uses (270 MB; kept in ~/.cache).
	@$(PY) -m emulator.ml.trees

.PHONY: clean
clean: ## Remove .local (the local cloud's data), dbt's output and caches; .venv stays.
	@if [ -f .local/cloud.json ]; then \
	echo "A local cloud is running on .local; stop it first (see .local/cloud.json)." >&2; exit 1; fi
	rm -rf .local target logs .pytest_cache .mypy_cache .ruff_cache
