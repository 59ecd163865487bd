#!/usr/bin/env bash
# Make .venv, install, run the tests in two processes and print their coverage. Arguments go to pytest: bash scripts/test.sh -k metrics
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash scripts/setup.sh cpu,dev
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" # the tiny models of the tests are quickest on one thread
unset PYTHONDONTWRITEBYTECODE                  # each of the many processes of the tests would compile every module anew

# Tests write many small files, each synced. In memory, where there is room (2 GiB), a sync costs nothing.
memory=/dev/shm
if [ -z "${PYTEST_DEBUG_TEMPROOT:-}" ] && [ -w "$memory" ] && [ "$(df --output=avail -k "$memory" | tail -n 1)" -gt 2097152 ]; then
  export PYTEST_DEBUG_TEMPROOT="$memory"
fi
# slipcover notes the lines that ran at a hundredth of the cost of tracing each line.
.venv/bin/python -m slipcover --source src/broadsheet,retrieval,index_build,rerank,generate -m pytest -n 2 --dist worksteal "$@"
