#!/usr/bin/env bash
# Make .venv, install, then lint, check the layout and the types. What CI runs beside the tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash scripts/setup.sh cpu,dev
.venv/bin/ruff check .
.venv/bin/ruff format --check .

# mypy cannot see an editable install, so it reads a real one; an old build folder would bring deleted modules back.
rm -rf build .typecheck
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --target .typecheck .
rm -rf build
MYPYPATH=.typecheck .venv/bin/mypy -p broadsheet
