#!/usr/bin/env bash
# The Python package for tests of bots, and the page that explains it, as a user has them.
#   harness.sh BINARY [DIR]     DIR as prepared by install.sh (default: target/clients)
# Enters: the program. Leaves: a line per test and block of the page; exit code 0 only if all passed.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
OPENMART_BIN=$(realpath "$1")
environment=$(cd "${2:-$repository/target/clients}/ccxt-1.34.1" && pwd)
export OPENMART_BIN
# The page's commands find this Python first. What they install is there already, but for the package
# of this checkout, which is built with what is there: nothing is downloaded.
export PATH="$environment/bin:$PATH" PIP_NO_INDEX=1 PIP_NO_BUILD_ISOLATION=0 PIP_DISABLE_PIP_VERSION_CHECK=1
export NO_PROXY='*' no_proxy='*' PYTHONDONTWRITEBYTECODE=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$repository" "$work/openmart"
python -m pip install --quiet --no-deps "$repository/python"
(cd "$work" && python -m pytest -q -p no:cacheprovider "$repository/python/tests")
python "$repository/tests/page.py" "$repository/docs/testing-your-bot.md" "$work"
