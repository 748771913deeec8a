#!/usr/bin/env bash
# Runs real, unmodified clients against a running server.
#   run.sh URL [CLIENT...]     URL of an `openmart demo --no-liquidity`
# Enters: the address, and optionally the names of the clients to run (default: all).
# Leaves: a line `ok NAME` or `FAIL NAME: why` per check, then `N passed, M failed`;
# exit code 0 only if checks ran and none failed. What the clients are is prepared by
# install.sh, in the folder OPENMART_CLIENTS (default: target/clients of the repository).
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${OPENMART_CLIENTS:-$here/../../target/clients}
all="seed-shell seed-python seed-go ccxt-1.19.1 ccxt-1.34.1 ccxt-async-1.19.1 ccxt-async-1.34.1 npm-1.2.1 websocket-client"
# This one needs the operator's leave to break things.
[ -z "${OPENMART_ADMIN_URL:-}" ] || all="$all ccxt-faults-1.34.1"
# A client that takes longer hangs: the slowest needs a few seconds.
client_seconds_max=60

if [ $# -lt 1 ]; then
  echo "usage: run.sh URL [CLIENT...]   clients: $all" >&2
  exit 2
fi
url=${1%/}
shift

if [ ! -f "$cache/stamp" ]; then
  echo "FAIL clients: nothing prepared in $cache, run install.sh first"
  exit 1
fi
cache=$(cd "$cache" && pwd)

# The clients must reach the server itself, and must not download or write elsewhere.
export NO_PROXY='*' no_proxy='*' PYTHONDONTWRITEBYTECODE=1
export GOCACHE="$cache/go" GOFLAGS='' GOTOOLCHAIN=local GOPROXY=off
export NODE_PATH="$cache/npm/node_modules"

client() {
  case $1 in
    seed-shell) bash "$here/seed_shell.sh" "$url" ;;
    seed-python) "$cache/ccxt-1.34.1/bin/python" "$here/seed_python.py" "$url" ;;
    seed-go) go run "$here/seed_go/main.go" "$url" ;;
    ccxt-async-*) "$cache/${1/-async/}/bin/python" "$here/ccxt_async.py" "$url" ;;
    ccxt-faults-*) "$cache/${1/-faults/}/bin/python" "$here/ccxt_faults.py" "$url" ;;
    ccxt-*) "$cache/$1/bin/python" "$here/ccxt_suite.py" "$url" ;;
    websocket-client) "$cache/ccxt-1.34.1/bin/python" "$here/ws_suite.py" "$url" ;;
    npm-*) node "$here/npm_suite.js" "$url" ;;
    *) echo "no such client, known are: $all" >&2; return 2 ;;
  esac
}

passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log" "$log.err"' EXIT
export -f client
export here cache url all

for name in ${*:-$all}; do
  timeout "$client_seconds_max" bash -c 'client "$1"' client "$name" >"$log" 2>"$log.err"
  code=$?
  oks=$(grep -c '^ok ' "$log")
  fails=$(grep -c '^FAIL ' "$log")
  cat "$log"
  # A client that died, hung or checked nothing must not count as passed.
  if [ "$fails" = 0 ] && { [ "$code" != 0 ] || [ "$oks" = 0 ]; }; then
    echo "FAIL $name: exit code $code after $oks checks: $(tail -n 3 "$log.err" | tr '\n' ' ')"
    fails=1
  fi
  passed=$((passed + oks))
  failed=$((failed + fails))
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
