#!/usr/bin/env bash
# Train the adapter that the package ships, with the user's own command, and put it in rerank/adapter.
#   bash scripts/train_shipped_adapter.sh MIND_TRAIN_FOLDER WORK_FOLDER
# The last of MIND's training days (14 November 2019) chooses the epoch; the validation days are never looked at.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source="$1"
work="$2"
bash scripts/setup.sh cpu
broadsheet=.venv/bin/broadsheet
"$broadsheet" assets
.venv/bin/python scripts/split_mind.py "$source" 2019-11-14 "$work/split"
"$broadsheet" import mind "$work/split/before" --into "$work/newsroom" --split train
"$broadsheet" import mind "$work/split/after" --into "$work/newsroom" --split tune
"$broadsheet" train reranker "$work/newsroom" --train train --valid tune
rm -rf rerank/adapter
cp -r "$work/newsroom/models/reranker" rerank/adapter
