from pathlib import Path

import numpy as np
import pytest
from benchmarks.counting import checkered_places, count_in_places, truth_of

from passerby.records import NO_FACE, Faces, Sightings, VideoInfo

VIDEO = VideoInfo("h264", "QuickTime / MOV", 2.0, 300, 200, 5000, "LIMITED")


def standing(person: int, *moments: tuple[int, float, float]) -> Sightings:
    """Milliseconds, x and y of the foot."""
    time, x, y = np.array(moments, np.float64).T
    return Sightings(
        np.full(len(time), person),
        np.arange(len(time)),
        time.astype(np.int64),
        np.stack([x - 5, y - 20, x + 5, y], axis=1).astype(np.float32),
        np.ones(len(time), np.float32),
        np.ones(len(time), np.bool_),
        np.full(len(time), NO_FACE),
        Faces.none(),
    )


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        pytest.param([(0, 0, 200), (4000, 0, 200)], (0, 0, 0, 4), id="in the corner of the frame"),
        pytest.param([(0, 50, 50), (4000, 150, 50)], (1, 1, 1, 4), id="into the next zone"),
        pytest.param([(0, 50, 50), (4000, 250, 60)], (2, 2, 2, 4), id="through three zones"),
        pytest.param([(0, 50, 20), (4000, 60, 190)], (2, 2, 2, 4), id="downwards"),
    ],
)
def test_a_checkered_frame(
    moments: list[tuple[int, float, float]], expected: tuple[int, int, int, int]
) -> None:
    counts = count_in_places(standing(3, *moments), checkered_places(300, 200, 3), (300, 200))

    figures = ("entries", "exits", "crossings", "s in zones")
    assert tuple(counts[figure] for figure in figures) == expected


@pytest.mark.parametrize(
    ("name", "rows", "persons"),
    [
        pytest.param(
            "PETS", ["1,1,0,0,9,9,0", "2,4,0,0,9,9,1", "1,4,0,0,9,9,1"], [4, 4], id="flag"
        ),
        pytest.param("MOT16-1", ["1,1,0,0,9,9,1,7,1", "1,2,0,0,9,9,1,1,0"], [2], id="class"),
    ],
)
def test_what_counts_as_true(
    tmp_path: Path, name: str, rows: list[str], persons: list[int]
) -> None:
    folder = tmp_path / name
    (folder / "gt").mkdir(parents=True)
    (folder / "gt" / "gt.txt").write_text("\n".join(rows), encoding="ascii")
    (folder / "seqinfo.ini").write_text("[Sequence]\nframeRate=2\n", encoding="ascii")

    truth = truth_of(folder, VIDEO)

    assert truth.person_index.tolist() == persons
    assert truth.timestamp_ms.tolist() == [0, 500][: len(persons)]
