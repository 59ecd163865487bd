#!/usr/bin/env bash
# Train what the package ships of the writer, with the user's own command, and put it in generate/writers/headline_adapter.
#   bash scripts/train_shipped_writer.sh WORK_FOLDER [SEED]
# With a SEED other than 0 it is left in WORK_FOLDER/SEED, for benchmark_generation.py. The demo's articles from
# 18 March 2017 on are never looked at: the benchmark is of these. Takes a quarter of an hour to an hour on two cores.
set -euo pipefail
work="$(realpath -m "$1")"
seed="${2:-0}"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh cpu
broadsheet="$PWD/.venv/bin/broadsheet"
"$broadsheet" assets minilm smollm2 demo_news
[ -d "$work/newsroom" ] || "$broadsheet" import demo --into "$work/newsroom"
grep -q '^\[writer\]' "$work/newsroom/broadsheet.toml" || printf '\n[writer]\nepochs = 1\n' >>"$work/newsroom/broadsheet.toml"
(cd "$work" && "$broadsheet" train writer newsroom --job headline --until 2017-03-18 --seed "$seed" --out "$seed")
if [ "$seed" = 0 ]; then
    rm -rf generate/writers/headline_adapter
    cp -rL "$work/0" generate/writers/headline_adapter
    .venv/bin/python - generate/writers/headline_adapter/card.json <<'PYTHON'
import json
import sys
from pathlib import Path

card = Path(sys.argv[1])
document = {
    "what": "LoRA adapters of SmolLM2-135M-Instruct for headlines, shipped with the package",
    "data": "titles and leads of the demo's news articles published before 18 March 2017, the latest tenth to choose",
    "licence": "the articles are their publishers' and are not in it; the base model is Apache-2.0",
    "made_by": "scripts/train_shipped_writer.sh",
}
card.write_text(json.dumps(document | json.loads(card.read_text("utf-8")), indent=2) + "\n", "utf-8")
PYTHON
fi
