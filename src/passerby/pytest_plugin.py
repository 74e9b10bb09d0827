"""Fixtures for the tests of programs that talk to passerby; pytest finds them by itself.

Whoever does not ask for them pays nothing: what they need is imported when a test does.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from passerby.replay.stub_server import StubServer

OPTION = "passerby_recordings"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the settings of pytest say where the recordings are."""
    told = "folder of recorded answers for the fixture passerby_server, from the root folder"
    parser.addini(OPTION, told, default="")


@pytest.fixture(scope="session")
def passerby_recordings(pytestconfig: pytest.Config) -> Path | None:
    """Folder of recorded answers; None: two people walk through every video."""
    told = str(pytestconfig.getini(OPTION))
    return pytestconfig.rootpath / told if told else None


@pytest.fixture(scope="session")
def passerby_stand_in(passerby_recordings: Path | None) -> Iterator["StubServer"]:
    """The server of `passerby_server`, which lives as long as the tests."""
    from passerby.replay.stub_server import running  # noqa: PLC0415

    with running(passerby_recordings) as stub_server:
        yield stub_server


@pytest.fixture
def passerby_server(passerby_stand_in: "StubServer") -> Iterator["StubServer"]:
    """A server on 127.0.0.1 that answers recorded results, as new for each test."""
    yield passerby_stand_in
    passerby_stand_in.reset()
