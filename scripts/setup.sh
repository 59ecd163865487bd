#!/usr/bin/env bash
# Make .venv and install Broadsheet into it with the extras named, cpu by default; at once if nothing has changed since.
#   bash scripts/setup.sh cpu,dev
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

extras="${1:-cpu}"
stamp=".venv/.installed-${extras//,/-}"
wanted="$(cat pyproject.toml constraints.txt | cksum)"

# An interrupted `python -m venv` leaves a .venv with python and without pip, so the check is for pip.
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python="${PYTHON:-python3}"
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "setup.sh: $python is $("$python" --version 2>&1); Broadsheet needs Python 3.11 or newer: PYTHON=python3.11 bash $0" >&2
        exit 1
    fi
    "$python" -m venv --clear .venv
fi

if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    echo "Installing Broadsheet [$extras] into .venv; the first time takes some minutes."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$extras]"
    echo "$wanted" >"$stamp"
fi
