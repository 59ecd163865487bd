#!/usr/bin/env bash
# Make .venv, install, run the tests in two processes and print their coverage. Arguments go to pytest: bash scripts/test.sh -k metrics
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash scripts/setup.sh cpu,dev
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" # the tiny models of the tests are quickest on one thread
.venv/bin/python -m pytest -n 2 --dist worksteal --cov --cov-report=term "$@"
