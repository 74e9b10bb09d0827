"""Fixtures for tests of programs that call passerby; pytest finds them by itself.

What they need is imported when a test asks for them, so that other tests lose no time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from passerby.replay.stub_server import StubServer

OPTION = "passerby_recordings"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the folder of recordings."""
    text = "folder of recorded answers for the fixture passerby_server, from the root folder"
    parser.addini(OPTION, text, default="")


@pytest.fixture(scope="session")
def passerby_recordings(pytestconfig: pytest.Config) -> Path | None:
    """Folder of recorded answers; None: two people walk through every video."""
    folder = str(pytestconfig.getini(OPTION))
    return pytestconfig.rootpath / folder if folder else None


@pytest.fixture(scope="session")
def passerby_stand_in(passerby_recordings: Path | None) -> Iterator["StubServer"]:
    """The stub server behind `passerby_server`; it runs for the whole session."""
    from passerby.replay.stub_server import running  # noqa: PLC0415

    with running(passerby_recordings) as stub_server:
        yield stub_server


@pytest.fixture
def passerby_server(passerby_stand_in: "StubServer") -> Iterator["StubServer"]:
    """A stub server on 127.0.0.1 that answers recorded results, reset after each test."""
    yield passerby_stand_in
    passerby_stand_in.reset()
