#!/usr/bin/env bash
# Make .venv, install, run the tests and print their coverage. Arguments go to pytest: bash scripts/test.sh -k metrics
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash scripts/setup.sh cpu,dev
.venv/bin/python -m pytest --cov --cov-report=term "$@"
