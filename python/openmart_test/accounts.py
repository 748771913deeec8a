"""An account of the demo, as its greeting tells of it."""

import re
from typing import NamedTuple, Optional


class Account(NamedTuple):
    name: str
    key: str
    secret: str
    memo: str

    def __repr__(self) -> str:
        return f"Account(name={self.name!r}, key={self.key!r})"


_LINE = re.compile(r"#\s+(\S+)\s+key (\S+)\s+secret (\S+)\s+memo (\S+)\s*$")


def read_account(line: str) -> Optional[Account]:
    """The account that a line of the greeting names, if it names one."""
    found = _LINE.match(line)
    return Account(*found.groups()) if found else None
