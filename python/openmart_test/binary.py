"""Where the program is."""

import os
import shutil
from pathlib import Path


class BinaryNotFound(Exception):
    """There is no program to start."""


def find_binary() -> str:
    """OPENMART_BIN, then what a checkout around the working folder has built, then the path."""
    named = os.environ.get("OPENMART_BIN")
    if named:
        if not os.access(named, os.X_OK):
            raise BinaryNotFound(f"OPENMART_BIN is {named}, which is no program")
        return named
    for folder in [Path.cwd(), *Path.cwd().parents]:
        built = folder / "target" / "release" / "openmart"
        if os.access(built, os.X_OK):
            return str(built)
    found = shutil.which("openmart")
    if found:
        return found
    raise BinaryNotFound("no openmart found: set OPENMART_BIN, put it on the path, or run cargo build --release")
