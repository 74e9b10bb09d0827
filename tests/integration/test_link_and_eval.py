"""The tracking half alone, and its score."""

import json
from pathlib import Path

import numpy as np
import pytest

from .conftest import done, run

FPS = 10
FRAMES = 60
WIDTH, HEIGHT = 640, 480


def walkers() -> dict[int, np.ndarray]:
    """(FRAMES, 4) left, top, width, height of three who pass each other at a distance."""
    steps = np.arange(FRAMES)[:, None]
    paths = {
        1: ((20, 60, 40, 100), (8, 0, 0, 0)),
        2: ((560, 220, 44, 110), (-8, 0, 0, 0)),
        3: ((300, 360, 42, 105), (2, 0, 0, 0)),
    }
    return {number: np.array(at) + steps * np.array(by) for number, (at, by) in paths.items()}


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in MOTChallenge layout: truth, and detections that shiver a little."""
    folder = tmp_path_factory.mktemp("benchmark")
    shiver = np.random.default_rng(1)
    truth, detections = [], []
    for number, boxes in walkers().items():
        for frame, box in enumerate(boxes, start=1):
            seen = box + shiver.normal(0, 1, 4)
            truth.append(f"{frame},{number},{_row(box)},1,1,1")
            detections.append(f"{frame},-1,{_row(seen)},0.9,-1,-1,-1")
    for name, lines in (("gt/gt.txt", truth), ("det/det.txt", detections)):
        path = folder / "truth" / "EASY" / name
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(lines) + "\n")
    (folder / "truth" / "EASY" / "seqinfo.ini").write_text(
        f"[Sequence]\nname=EASY\nframeRate={FPS}\nseqLength={FRAMES}\n"
        f"imWidth={WIDTH}\nimHeight={HEIGHT}\n"
    )
    return folder


def _row(box: np.ndarray) -> str:
    return ",".join(f"{value:.2f}" for value in box)


@pytest.fixture(scope="module")
def results(benchmark: Path) -> Path:
    """The folder of tracks that `passerby link` wrote for the detections."""
    folder = benchmark / "results"
    folder.mkdir()
    detections = benchmark / "truth" / "EASY" / "det" / "det.txt"
    form = ("--fps", FPS, "--size", f"{WIDTH}x{HEIGHT}")
    done("link", detections, *form, "--out", folder / "EASY.txt")
    return folder


@pytest.mark.parametrize("option", [(), ("--analysed-only",)], ids=["all frames", "analysed"])
def test_linked_tracks_score_nearly_full(
    benchmark: Path, results: Path, option: tuple[str, ...]
) -> None:
    report = json.loads(done("eval", benchmark / "truth", results, "--json", *option))

    for scores in (report["combined"], report["sequences"]["EASY"]):
        assert scores["IDF1"] > 99
        assert scores["MOTA"] > 98
        assert scores["HOTA"] > 85
        assert (scores["IDSW"], scores["truth_persons"], scores["result_persons"]) == (0, 3, 3)


def test_the_table(benchmark: Path, results: Path) -> None:
    truth = benchmark / "truth" / "EASY" / "gt" / "gt.txt"

    first, easy, combined, causes = done("eval", truth, results / "EASY.txt").splitlines()

    assert first.split()[:6] == ["sequence", "HOTA", "DetA", "AssA", "IDF1", "MOTA"]
    assert easy.split()[0] == "EASY"
    assert easy.split()[1:] == combined.split()[1:]
    assert causes.startswith("identity switches by cause: 0 ")


def test_a_sequence_without_results(benchmark: Path, tmp_path: Path) -> None:
    ended = run("eval", benchmark / "truth", tmp_path)

    assert ended.returncode == 0
    assert ended.stderr == "EASY: no results; scored as empty\n"
