# Short commands for what `python3 launch.py` does not do. They use .venv, which `python3 launch.py test --version` makes.
# Without make (on Windows) each line can be typed as it stands, with .venv\Scripts in place of .venv/bin.

.PHONY: help lint format types rings domain projections adapters check lock
help: ## what there is
	@grep -E '^[a-z ]+:.*## ' Makefile

lint: ## ruff's rules and its form; changes nothing
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

format: ## brings files into ruff's form, and mends what it can
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

types: ## mypy, strict
	.venv/bin/mypy --strict

rings: ## the order of the rings and rooms
	.venv/bin/lint-imports

domain projections adapters: ## the tests of one ring
	.venv/bin/python -m pytest -q -n 2 tests/$@

check: ## the whole, as it is run for every change
	.ci/run

lock: ## both lock files, from pyproject.toml
	.ci/lock
