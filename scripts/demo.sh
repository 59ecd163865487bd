#!/usr/bin/env bash
# From nothing to personal pages: a virtual environment, the default models, the demo newsroom, the pages of six readers.
# Needs Python 3.11 or newer with pip. A second run takes over what the first run made.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash scripts/setup.sh cpu
.venv/bin/broadsheet demo "$@"
echo "The command is .venv/bin/broadsheet; 'source .venv/bin/activate' makes it broadsheet."
echo "See the front page in a browser: bash scripts/serve_demo.sh"
