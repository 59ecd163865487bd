#!/usr/bin/env bash
# Make .venv, install the extra docs and build the documentation into site/; a broken link or anchor is an error.
# Look at it with: .venv/bin/python -m http.server -d site
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash scripts/setup.sh cpu,docs
NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet
echo "The documentation is in site/index.html."
