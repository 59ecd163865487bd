#!/usr/bin/env bash
# Train the towers, the attentive scorer or the cross-encoder of the package, with the same command as a user, and put the result in its place.
#   bash scripts/train_shipped.sh towers|attention|reranker MIND_TRAIN_FOLDER WORK_FOLDER
# The last of MIND's training days (14 November 2019) chose epochs, settings and the seed; the validation days are never read here.
set -euo pipefail
what="$1"
source="$(realpath "$2")"
work="$(realpath -m "$3")"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case "$what" in
    towers) shipped=retrieval/towers/towers_default ;;
    attention) shipped=rerank/attentive_scorer/attention_default ;;
    reranker) shipped=rerank/cross_encoder/adapter ;;
    *) echo "found '$what', expected towers, attention or reranker" >&2; exit 2 ;;
esac
bash scripts/setup.sh cpu
broadsheet="$PWD/.venv/bin/broadsheet"
"$broadsheet" assets minilm
.venv/bin/python scripts/split_mind.py "$source" 2019-11-14 "$work/split"
"$broadsheet" import mind "$work/split/before" --into "$work/newsroom" --split train
"$broadsheet" import mind "$work/split/after" --into "$work/newsroom" --split tune
# Adds a section of settings, but not again where a training that was cut short goes on.
set_once() { grep -qxF "[$1]" "$work/newsroom/broadsheet.toml" || printf '\n[%s]\n%b' "$1" "$2" >> "$work/newsroom/broadsheet.toml"; }
# The counts that a reader's page has on a validation day are those of the night before.
if [ "$what" = attention ]; then set_once attention 'counters = "night"\n'; fi
# One pass over some thousand clicks, held nearer to what they taught than to the base model: chosen by the last day.
more=()
if [ "$what" = towers ]; then
    set_once towers 'anchor = 0.3\nepochs = 1\n'
    more=(--mode lora)
fi
# All clicks once, with three other articles each; the seed is the best of three by the last day.
if [ "$what" = reranker ]; then
    set_once reranker 'negatives = 3\nepochs = 1\n'
    more=(--seed 2)
fi
(cd "$work" && "$broadsheet" train "$what" newsroom --train train --valid tune "${more[@]}")
rm -rf "$shipped"
cp -rL "$work/newsroom/models/$what" "$shipped"
.venv/bin/python - "$shipped/card.json" <<'PYTHON'
import json
import sys
from pathlib import Path

card = Path(sys.argv[1])
about = {
    "retrieval": "Towers of Broadsheet's retrieval and the weights of its candidate sources",
    "attentive_scorer": "Attentive scorer of Broadsheet's re-ranker",
    "cross_encoder": "LoRA adapter and scoring head of Broadsheet's cross-encoder",
}
part = card.parts[1] if card.parts[0] == "rerank" else card.parts[0]
trained = json.loads(card.read_text("utf-8"))
trained.pop("learned_until", None)  # by clicks of other readers: a newsroom learns on from all of its own
read = "impressions" if "impressions" in trained["train"] else "clicks"
count = trained["train"].get(read) or trained["train"]["items"].split()[0]
document = {
    "what": f"{about[part]}, shipped with the package",
    "data": f"MINDsmall_train (Microsoft News Dataset): {count} {read} before 14 November 2019 to train, the impressions of that day to choose",
    "licence": "Microsoft Research License (MIND): research use; the base model is Apache-2.0",
    "made_by": "scripts/train_shipped.sh",
}
card.write_text(json.dumps(document | trained, indent=2) + "\n", "utf-8")
PYTHON
