#!/usr/bin/env bash
# Train the adapter that the package ships, with the user's own command, and put it in rerank/adapter.
#   bash scripts/train_shipped_adapter.sh MIND_TRAIN_FOLDER WORK_FOLDER
# The last of MIND's training days (14 November 2019) chooses the epoch; the validation days are never looked at.
set -euo pipefail
source="$(realpath "$1")"
work="$(realpath -m "$2")"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh cpu
broadsheet="$PWD/.venv/bin/broadsheet"
"$broadsheet" assets
.venv/bin/python scripts/split_mind.py "$source" 2019-11-14 "$work/split"
"$broadsheet" import mind "$work/split/before" --into "$work/newsroom" --split train
"$broadsheet" import mind "$work/split/after" --into "$work/newsroom" --split tune
(cd "$work" && "$broadsheet" train reranker newsroom --train train --valid tune)
rm -rf rerank/adapter
cp -r "$work/newsroom/models/reranker" rerank/adapter
.venv/bin/python - <<'PYTHON'
import json
from pathlib import Path

card = Path("rerank/adapter/card.json")
document = {
    "what": "LoRA adapter and scoring head of Broadsheet's cross-encoder, shipped with the package",
    "data": "5,000 impressions of MINDsmall_train (Microsoft News Dataset), those before 14 November 2019 to train, the rest to choose the epoch",
    "licence": "Microsoft Research License (MIND): research use; the base model is Apache-2.0",
    "made_by": "scripts/train_shipped_adapter.sh",
}
card.write_text(json.dumps(document | json.loads(card.read_text("utf-8")), indent=2) + "\n", "utf-8")
PYTHON
