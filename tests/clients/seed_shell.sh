#!/usr/bin/env bash
# The documented shell way to cancel an order: echo, openssl and curl, nothing else.
# Enters: the address of the server. Leaves: a line per check; stops at the first wrong answer.
set -euo pipefail

url=$1
key=6591f7c2491db0a23a1d8ad6911c825e
secret=8c08d9d5c3d15b105dbddaf96e427ac6
memo=mymemo

ok() { echo "ok seed-shell $1"; }
fail() { echo "FAIL seed-shell $1: $2"; exit 1; }

expect() { # NAME ACTUAL EXPECTED
  [ "$2" = "$3" ] || fail "$1" "got '$2', expected '$3'"
  ok "$1"
}

# Some releases of openssl print a name before the digest, some do not.
sign() { echo -n "$1" | openssl dgst -sha256 -hmac "$secret" | sed 's/^.*= //'; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Leaves $status, and the exact answer in $work/body and $work/headers.
call() {
  status=$(curl -sS --max-time 20 -o "$work/body" -D "$work/headers" -w '%{http_code}' "$@") ||
    fail curl "could not reach $url"
}
now_ms() { date +%s%3N; }
member() { sed -n "s/.*\"$1\": *\"\{0,1\}\([A-Za-z0-9]*\).*/\1/p" "$work/body"; }
header() { tr -d '\r' <"$work/headers" | sed -n "s/^$1: *//Ip"; }
body_hex() { od -An -tx1 "$work/body" | tr -d ' \n'; }

expect "documented digest" "$(sign "entrust_id=1223181")" \
  de4ed768cea4eb2f0fe081009eab1f41c5fd6ff6ed53768df7fe252472c257b3

call -X POST "$url/v2/authentication" \
  -d grant_type=client_credentials -d "client_id=$key" -d "client_secret=$(sign "$key:$secret:$memo")"
expect "token status" "$status" 200
token=$(member access_token)
[ -n "$token" ] || fail token "none in $(cat "$work/body")"

private() {
  call -H "X-BM-TIMESTAMP: $(now_ms)" -H "X-BM-AUTHORIZATION: Bearer $token" "$@"
}

# A clean book, so that the order rests.
private -X DELETE "$url/v2/orders?symbol=BMX_ETH&side=buy"
expect "cancel all" "$status $(body_hex)" "200 7b7d"

private -X POST "$url/v2/orders" -H "Content-Type: application/json" \
  -H "X-BM-SIGNATURE: $(sign "amount=250.5&price=0.00001&side=buy&symbol=BMX_ETH")" \
  -d '{"symbol":"BMX_ETH","side":"buy","amount":250.5,"price":0.00001}'
expect "place" "$status" 200
entrust_id=$(member entrust_id)
[ -n "$entrust_id" ] || fail place "no entrust_id in $(cat "$work/body")"

private "$url/v2/orders/$entrust_id"
expect "order rests" "$status $(member status)" "200 1"

private -X DELETE "$url/v2/orders/$entrust_id" -H "X-BM-SIGNATURE: $(sign "entrust_id=1223181")"
expect "cancel signed for another order" "$status $(cat "$work/body")" '400 {"message":"Invalid X-BM-SIGNATURE"}'

private -X DELETE "$url/v2/orders/$entrust_id"
expect "cancel without signature" "$status $(cat "$work/body")" '400 {"message":"Invalid X-BM-SIGNATURE"}'

private -X DELETE "$url/v2/orders/$entrust_id" -H "X-BM-SIGNATURE: $(sign "entrust_id=$entrust_id")"
expect "cancel" "$status $(body_hex)" "200 7b7d"

private "$url/v2/orders/$entrust_id"
expect "order is canceled" "$status $(member status)" "200 4"

private -X DELETE "$url/v2/orders/$entrust_id" -H "X-BM-SIGNATURE: $(sign "entrust_id=$entrust_id")"
expect "second cancel" "$status $(cat "$work/body")" '404 {"message":"Not found"}'
expect "reason of the second cancel" "$(header X-Openmart-Reason)" canceled
