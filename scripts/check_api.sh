#!/usr/bin/env bash
# Send generated requests to every route of a running service: no error of the server, no answer that is not documented.
# Usage: scripts/check_api.sh KEY [ADDRESS]   (needs the program schemathesis; changes the newsroom: use a copy)
set -euo pipefail
schemathesis run "${2:-http://127.0.0.1:8000}/v1/openapi.json" -H "Authorization: Bearer $1" \
  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
  --exclude-path-regex 'editions/(rollback|prune)'
