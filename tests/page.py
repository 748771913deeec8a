"""Does what a page of the documents says, block by block, as its reader would.

    page.py PAGE.md WORK

Enters: a page; a folder to work in, which holds the repository as `openmart`. Leaves: exit code 0 if
every block did what the page says. What a block is, its first line says:

    ```sh                   commands that must succeed
    ```sh fails: WORDS      commands that must fail, and say these words
    ```python NAME          a file, written under this name
    ```toml NAME            a manifest, whose dependencies with a path must be there under their names
    ```rust NAME            the file of this name under crates/test/tests/page, to the last byte

A block of any other kind is an error: nothing on the page goes unchecked.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

FENCE = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Building is part of some blocks.
COMMAND_TIMEOUT_S = 1800
RUST_FILES = "openmart/crates/test/tests/page"


class Wrong(Exception):
    """The page says something else than what happens."""


def run(work, commands, expected_words):
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=work,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
    )
    if expected_words is None and done.returncode != 0:
        raise Wrong(f"exit code {done.returncode}\n{done.stdout}")
    if expected_words is not None and (done.returncode == 0 or expected_words not in done.stdout):
        raise Wrong(f"exit code {done.returncode}, expected a failure with {expected_words!r}\n{done.stdout}")


def check_manifest(work, text):
    for name, dependency in tomllib.loads(text)["dev-dependencies"].items():
        if "path" in dependency:
            manifest = tomllib.loads((work / dependency["path"] / "Cargo.toml").read_text())
            if manifest["package"]["name"] != name:
                raise Wrong(f"{dependency['path']} is {manifest['package']['name']}, not {name}")


def check(work, language, rest, text):
    if language == "sh" and not rest:
        run(work, text, None)
    elif language == "sh" and rest.startswith("fails: "):
        run(work, text, rest[len("fails: ") :])
    elif language == "python" and rest:
        (work / rest).write_text(text)
    elif language == "toml" and rest:
        check_manifest(work, text)
    elif language == "rust" and rest:
        if (work / RUST_FILES / rest).read_text() != text:
            raise Wrong(f"differs from {RUST_FILES}/{rest}")
    else:
        raise Wrong("a block of unknown kind")


def main(page, work):
    text = Path(page).read_text()
    blocks = list(FENCE.finditer(text))
    fences = len(re.findall(r"^```", text, re.MULTILINE))
    if not blocks or fences != 2 * len(blocks):
        raise SystemExit(f"FAIL {page}: {fences} fences make no whole blocks")
    for block in blocks:
        language, rest, content = block.groups()
        place = f"{page}:{text.count(chr(10), 0, block.start()) + 1} {language} {rest}".rstrip()
        try:
            check(Path(work), language, rest, content)
        except (Wrong, OSError, subprocess.TimeoutExpired) as error:
            raise SystemExit(f"FAIL {place}: {error}")
        print(f"ok {place}", flush=True)


main(*sys.argv[1:])
