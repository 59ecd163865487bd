#!/usr/bin/env bash
# Make .venv, install the extra docs and build the documentation into site/; a broken link or anchor is an error.
# It loads nothing from the network. site/index.html opens from the disk too, but without the search.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash scripts/setup.sh cpu,docs
NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --strict
echo "The documentation is in site/. To read it: .venv/bin/python -m http.server -d site"
