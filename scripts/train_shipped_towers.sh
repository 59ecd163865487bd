#!/usr/bin/env bash
# Train the towers that the package ships, with the user's own command, and put them in retrieval/towers_default.
#   bash scripts/train_shipped_towers.sh MIND_TRAIN_FOLDER WORK_FOLDER
# The last of MIND's training days (14 November 2019) chooses the epoch; the validation days are never looked at.
set -euo pipefail
source="$(realpath "$1")"
work="$(realpath -m "$2")"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh cpu
broadsheet="$PWD/.venv/bin/broadsheet"
"$broadsheet" assets minilm
.venv/bin/python scripts/split_mind.py "$source" 2019-11-14 "$work/split"
"$broadsheet" import mind "$work/split/before" --into "$work/newsroom" --split train
"$broadsheet" import mind "$work/split/after" --into "$work/newsroom" --split tune
(cd "$work" && "$broadsheet" train towers newsroom --train train --valid tune)
rm -rf retrieval/towers_default
cp -rL "$work/newsroom/models/towers" retrieval/towers_default
.venv/bin/python - <<'PYTHON'
import json
from pathlib import Path

card = Path("retrieval/towers_default/card.json")
document = {
    "what": "User tower of Broadsheet's retrieval and the weights of its candidate sources, shipped with the package",
    "data": "5,000 impressions of MINDsmall_train (Microsoft News Dataset), those before 14 November 2019 to train, the rest to choose the epoch and the weights",
    "licence": "Microsoft Research License (MIND): research use; the base model is Apache-2.0",
    "made_by": "scripts/train_shipped_towers.sh",
}
card.write_text(json.dumps(document | json.loads(card.read_text("utf-8")), indent=2) + "\n", "utf-8")
PYTHON
