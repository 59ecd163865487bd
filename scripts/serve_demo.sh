#!/usr/bin/env bash
# The demo's front page in a browser: install, make the demo newsroom if it is missing, and serve it until Ctrl-C.
#   bash scripts/serve_demo.sh --port 8080
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash scripts/setup.sh cpu,serve
if [ ! -e demo/newsroom/current ]; then
    .venv/bin/broadsheet demo >/dev/null
fi
exec .venv/bin/broadsheet serve demo/newsroom "$@"
