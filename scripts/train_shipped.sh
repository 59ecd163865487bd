#!/usr/bin/env bash
# Train the towers or the cross-encoder of the package, with the same command as a user, and put the result in its place.
#   bash scripts/train_shipped.sh towers|reranker MIND_TRAIN_FOLDER WORK_FOLDER
# The last of MIND's training days (14 November 2019) chooses the epoch; the validation days are never looked at.
set -euo pipefail
what="$1"
source="$(realpath "$2")"
work="$(realpath -m "$3")"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case "$what" in
    towers) shipped=retrieval/towers/towers_default ;;
    reranker) shipped=rerank/cross_encoder/adapter ;;
    *) echo "found '$what', expected towers or reranker" >&2; exit 2 ;;
esac
bash scripts/setup.sh cpu
broadsheet="$PWD/.venv/bin/broadsheet"
"$broadsheet" assets minilm
.venv/bin/python scripts/split_mind.py "$source" 2019-11-14 "$work/split"
"$broadsheet" import mind "$work/split/before" --into "$work/newsroom" --split train
"$broadsheet" import mind "$work/split/after" --into "$work/newsroom" --split tune
(cd "$work" && "$broadsheet" train "$what" newsroom --train train --valid tune)
rm -rf "$shipped"
cp -rL "$work/newsroom/models/$what" "$shipped"
.venv/bin/python - "$shipped/card.json" <<'PYTHON'
import json
import sys
from pathlib import Path

card = Path(sys.argv[1])
about = {
    "retrieval": "User tower of Broadsheet's retrieval and the weights of its candidate sources",
    "rerank": "LoRA adapter and scoring head of Broadsheet's cross-encoder",
}
document = {
    "what": f"{about[card.parts[0]]}, shipped with the package",
    "data": "5,000 impressions of MINDsmall_train (Microsoft News Dataset): those before 14 November 2019 to train, the rest to choose",
    "licence": "Microsoft Research License (MIND): research use; the base model is Apache-2.0",
    "made_by": "scripts/train_shipped.sh",
}
card.write_text(json.dumps(document | json.loads(card.read_text("utf-8")), indent=2) + "\n", "utf-8")
PYTHON
