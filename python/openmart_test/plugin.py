"""The fixtures of pytest."""

from typing import Iterator

import pytest

from .exchange import Exchange


@pytest.fixture
def openmart() -> Iterator[Exchange]:
    """An exchange for this test alone."""
    with Exchange() as exchange:
        yield exchange


@pytest.fixture(scope="session")
def openmart_session() -> Iterator[Exchange]:
    """One exchange for all tests that ask for it. What one of them leaves behind, the next one finds."""
    with Exchange() as exchange:
        yield exchange
