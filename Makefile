# Overture's commands. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test test-unit lint format up down bench prove lock environments
DAY ?= 2017-11-28
USERS ?=
PROOFS ?=
PYTHON := .venv/bin/python
export UV_PYTHON_DOWNLOADS := never

help:  ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

environments:  ## build both environments where missing or outdated
	@scripts/environment main
	@scripts/environment copy

run: environments  ## run the whole DAG for one day: make run [DAY=2017-11-28] [USERS=200]
	@.venv/bin/overture run --airflow --day "$(DAY)" $(if $(USERS),--users "$(USERS)")

test: environments  ## run every test
	@scripts/environment sequence
	@scripts/debian_postgresql
	@scripts/debian_chromium
	@$(PYTHON) -m pytest --numprocesses 2 --dist loadfile

test-unit:  ## run the fast tests
	@scripts/environment main
	@$(PYTHON) -m pytest tests/unit tests/property

lint:  ## check style, types, the direction of imports and SQL
	@scripts/environment main
	@scripts/lint

format:  ## put the code into the agreed form
	@scripts/environment main
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

up: environments  ## start Airflow (UI, scheduler) for schedules and backfills
	@.venv/bin/overture up

down:  ## stop Airflow and the database server
	@.venv/bin/overture down

bench: environments  ## run the benchmarks
	@$(PYTHON) -m bench

prove: environments  ## prove the warehouse's promises with kills, races and readers: make prove [PROOFS="kills races"]
	@scripts/debian_postgresql
	@$(PYTHON) -m prove $(PROOFS)

lock:  ## resolve the environments again to exact versions
	@scripts/environment main
	@scripts/lock
