#!/usr/bin/env bash
# Prepares everything that run.sh needs: system tools that are missing, one Python
# environment per ccxt release, the npm client, and a warm Go build cache.
# Enters: an optional folder to prepare (default: target/clients of the repository).
# Leaves: that folder, with a stamp. While the stamp matches, another run does nothing.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${1:-$here/../../target/clients}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

ccxt_versions="1.19.1 1.34.1"

say() { echo "clients: $*" >&2; }

# The stamp covers what we pin and the interpreters that the environments link to.
fingerprint() {
  cat "$here/install.sh" "$here/requirements.txt" "$here/package.json" "$here/package-lock.json" | sha256sum
  local tool
  for tool in python3 node go curl openssl; do
    command -v "$tool" || echo "no $tool"
  done
  python3 --version 2>&1 || true
  echo "$cache"
}

ready() {
  local version
  [ -f "$cache/stamp" ] && [ "$(cat "$cache/stamp")" = "$(fingerprint)" ] || return 1
  for version in $ccxt_versions; do
    "$cache/ccxt-$version/bin/python" -c '' 2>/dev/null || return 1
  done
}

# A Python without ensurepip can make no environment: Debian ships that part apart.
python_makes_environments() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

missing_packages() {
  command -v python3 >/dev/null || echo python3
  python_makes_environments || echo python3-venv
  command -v go >/dev/null || echo golang-go
  command -v node >/dev/null || echo nodejs
  command -v npm >/dev/null || echo npm
  command -v curl >/dev/null || echo curl
  command -v openssl >/dev/null || echo openssl
  [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
}

install_packages() {
  local packages sudo=
  packages=$(missing_packages)
  [ -n "$packages" ] || return 0
  if ! command -v apt-get >/dev/null; then
    say "please install:" $packages
    exit 1
  fi
  [ "$(id -u)" = 0 ] || sudo=sudo
  say "installing" $packages
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >"$cache/apt.log" 2>&1 || {
    tail -n 20 "$cache/apt.log" >&2
    exit 1
  }
}

# --no-deps: old ccxt releases pin companions that no longer build. The pins in
# requirements.txt are complete, so nothing is left to resolve.
install_ccxt() {
  local environment="$cache/ccxt-$1" python=python3
  say "ccxt $1"
  rm -rf "$environment"
  python_makes_environments || python=/usr/bin/python3
  "$python" -m venv "$environment"
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
    "ccxt==$1" -r "$here/requirements.txt"
  "$environment/bin/python" -c "import ccxt; assert ccxt.__version__ == '$1', ccxt.__version__"
}

# The lock file carries checksums but no addresses, so npm asks its configured registry.
install_npm() {
  say "npm bitmart-api"
  rm -rf "$cache/npm"
  mkdir -p "$cache/npm"
  cp "$here/package.json" "$here/package-lock.json" "$cache/npm/"
  (cd "$cache/npm" && npm ci --silent --no-audit --no-fund --ignore-scripts)
}

# The first `go run` compiles the standard library; do it here, outside the tests.
warm_go() {
  say "go build cache"
  GOCACHE="$cache/go" GOFLAGS= GOTOOLCHAIN=local GOPROXY=off \
    go build -buildvcs=false -o /dev/null "$here/seed_go/main.go"
}

if ready; then exit 0; fi
rm -f "$cache/stamp"
install_packages
for version in $ccxt_versions; do
  install_ccxt "$version"
done
install_npm
warm_go
fingerprint >"$cache/stamp"
say "ready in $cache"
