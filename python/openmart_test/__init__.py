"""A real exchange for every test: starts Openmart, hands out its address and keys, stops it."""

from .accounts import Account
from .binary import BinaryNotFound, find_binary
from .exchange import Exchange, NotStarted
from .operator import Refused

__all__ = ["Account", "BinaryNotFound", "Exchange", "NotStarted", "Refused", "find_binary"]
