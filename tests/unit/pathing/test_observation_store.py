from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from passerby.errors import StoreUnreachable
from passerby.pathing.analysis import ShardWork, analyse
from passerby.pathing.plan import Options, Shard

pytestmark = pytest.mark.usefixtures("colour_network")

FOUR_SHARDS = Options(shard_ms=500)


class Drawer:
    """A shelf in memory that counts what was put on it."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.puts = 0

    def has(self, name: str) -> bool:
        return name in self.files

    def put(self, name: str, content: bytes) -> None:
        self.files[name] = content
        self.puts += 1

    def get(self, name: str) -> bytes | None:
        return self.files.get(name)


def one_by_one(
    work: ShardWork, shards: Sequence[Shard], on_progress: Callable[[int, float], None]
) -> list[Path]:
    return [work(shard, partial(on_progress, n), threads=1) for n, shard in enumerate(shards)]


def test_files_on_a_shelf_are_those_of_a_folder(still_clip: str, tmp_path: Path) -> None:
    drawer = Drawer()
    folder, copies = tmp_path / "folder", tmp_path / "copies"

    in_folder = analyse(still_clip, "v1", folder, one_by_one, options=FOUR_SHARDS)
    on_shelf = analyse(still_clip, "v1", copies, one_by_one, options=FOUR_SHARDS, shelf=drawer)

    written = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(written) == 4
    assert drawer.files == written
    assert {path.name: path.read_bytes() for path in copies.iterdir()} == written
    assert list(on_shelf) == list(in_folder)


def test_another_machine_takes_up_what_is_on_the_shelf(still_clip: str, tmp_path: Path) -> None:
    drawer = Drawer()
    run = partial(analyse, still_clip, "v1", run_shards=one_by_one, options=FOUR_SHARDS)
    first = run(tmp_path / "one", shelf=drawer)
    drawer.files.popitem()

    second = run(tmp_path / "other", shelf=drawer)

    assert drawer.puts == 4 + 1
    assert list(second) == list(first)


def test_a_file_that_vanished_from_the_shelf_is_said(still_clip: str, tmp_path: Path) -> None:
    class Sieve(Drawer):
        def get(self, name: str) -> bytes | None:  # noqa: ARG002
            return None

    with pytest.raises(StoreUnreachable, match="Observations were removed"):
        analyse(still_clip, "v1", tmp_path, one_by_one, options=FOUR_SHARDS, shelf=Sieve())


def test_a_folder_that_a_machine_does_not_see_is_named(still_clip: str, tmp_path: Path) -> None:
    def elsewhere(
        work: ShardWork, shards: Sequence[Shard], on_progress: Callable[[int, float], None]
    ) -> list[Path]:
        (tmp_path / "mounted").rmdir()
        return one_by_one(work, shards, on_progress)

    with pytest.raises(StoreUnreachable, match=r"no folder .*/mounted on the machine"):
        analyse(still_clip, "v1", tmp_path / "mounted", elsewhere)
