import os
from pathlib import Path

import pytest

from passerby.errors import StoreUnreachable
from passerby.pathing.observation_store import FolderObservationStore

NAME = f"{'5d' * 32}.parquet"


def test_a_file_that_was_put_can_be_fetched(tmp_path: Path) -> None:
    store = FolderObservationStore(tmp_path)
    assert not store.has(NAME)

    store.put(NAME, b"seen")

    assert store.has(NAME)
    assert store.fetch(NAME).read_bytes() == b"seen"
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_the_last_of_two_writers_counts(tmp_path: Path) -> None:
    store = FolderObservationStore(tmp_path)

    for content in (b"one", b"other"):
        store.put(NAME, content)

    assert store.fetch(NAME).read_bytes() == b"other"


def test_a_file_that_was_asked_for_is_in_use(tmp_path: Path) -> None:
    store = FolderObservationStore(tmp_path)
    store.put(NAME, b"seen")
    os.utime(tmp_path / NAME, (0, 0))

    assert store.has(NAME)

    assert (tmp_path / NAME).stat().st_mtime > 0


def test_a_folder_that_a_machine_does_not_see_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match=r"no folder .*/mounted on the machine"):
        FolderObservationStore(tmp_path / "mounted").has(NAME)
