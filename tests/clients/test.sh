#!/usr/bin/env bash
# Starts a demo server on a free port, runs every client against it, and stops it.
#   test.sh BINARY [DIR]     DIR as prepared by install.sh (default: target/clients)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
binary=$1
export OPENMART_CLIENTS=${2:-$here/../../target/clients}

out=$(mktemp)
"$binary" demo --no-liquidity --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 >"$out" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -f "$out"' EXIT

# The server says when it is ready; one that dies instead never will.
until url=$(grep -om1 'http://[0-9.:]*' "$out"); do
  kill -0 "$server" 2>/dev/null || { echo "the server did not start" >&2; exit 1; }
  sleep 0.05
done
# Then it says how its operator reaches it.
until token=$(grep -om1 'OPENMART_ADMIN_TOKEN=.*' "$out"); do sleep 0.05; done
export OPENMART_ADMIN_TOKEN=${token#*=}
OPENMART_ADMIN_URL=$(grep -om1 'OPENMART_ADMIN_URL=.*' "$out" | cut -d= -f2)
export OPENMART_ADMIN_URL
"$here/run.sh" "$url"
