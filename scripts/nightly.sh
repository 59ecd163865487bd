#!/usr/bin/env bash
# One night of a newsroom, for cron or systemd: build, publish, prune. Needs flock (util-linux).
#   bash scripts/nightly.sh NEWSROOM
# Exit codes: those of `broadsheet build` (0 published, 3 kept back by the gate, else failed), that of `prune` if
# only that failed, and 75 if another night is still at work.
# Settings, from the environment:
#   BROADSHEET   the command; that of .venv beside this script, else of the PATH
#   USERS        active, all, or a file of user ids
#   KEEP         editions that stay
#   LOGS         folder of nightly.log, build.jsonl and build.html; NEWSROOM/logs
#   METRICS      Prometheus textfile; LOGS/broadsheet.prom
set -uo pipefail

newsroom="${1:?usage: nightly.sh NEWSROOM}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
command="${BROADSHEET:-$here/.venv/bin/broadsheet}"
[ -x "$command" ] || command="$(command -v broadsheet)" || {
    echo "nightly.sh: no command broadsheet in .venv or in the PATH; name it in BROADSHEET" >&2
    exit 127
}
[ -d "$newsroom" ] || {
    echo "nightly.sh: $newsroom is no folder; give the newsroom's" >&2
    exit 2
}
logs="${LOGS:-$newsroom/logs}"
mkdir -p "$logs" || exit 2

# The lock ends with this process, however it ends; the processes that it starts do not inherit it.
exec 9>"$logs/nightly.lock"
flock --nonblock 9 || {
    echo "nightly.sh: another night of $newsroom is at work" >&2
    exit 75
}

# All output goes to the log, and also to the caller: cron mails it, systemd keeps it in its journal.
say() { while IFS= read -r line; do printf '%s %s\n' "$(date -u +%FT%TZ)" "$line" | tee -a "$logs/nightly.log"; done; }

"$command" build "$newsroom" --users "${USERS:-active}" --log-json "$logs/build.jsonl" \
    --metrics "${METRICS:-$logs/broadsheet.prom}" --report "$logs/build.html" 9>&- 2>&1 | say
code="${PIPESTATUS[0]}"
echo "build: exit code $code" | say

if [ "$code" -eq 0 ] || [ "$code" -eq 3 ]; then
    "$command" prune "$newsroom" --keep "${KEEP:-7}" 9>&- 2>&1 | say
    pruned="${PIPESTATUS[0]}"
    [ "$code" -ne 0 ] || code="$pruned"
fi
exit "$code"
