"""Score the paths against truth."""

import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

from benchmarks.footage import video_of
from benchmarks.speed import RATE, run
from benchmarks.table import Cell, markdown

from passerby.evaluation.grid import analysed_frames
from passerby.evaluation.report import Row, evaluate
from passerby.motfile import read_detections, read_frame_rate, write_tracks
from passerby.pathing.link import link_boxes
from passerby.video.probe import probe

RATIOS = ("HOTA", "DetA", "AssA", "IDF1", "MOTA")
COUNTS = ("IDSW", "FP", "FN")

Grid = Mapping[str, frozenset[int]]  # sequence → numbers of the frames that count, from 1


def every_frame_table(sequences: list[Path]) -> str:
    """Score the videos with every frame analysed."""
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as out:
        for sequence in sequences:
            run(video_of(sequence), Path(out), rate=None)
        return _table(sequences, Path(out))


def usual_rate_table(sequences: list[Path]) -> str:
    """Score the videos as they are analysed by default; only the analysed frames count."""
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as out:
        for sequence in sequences:
            run(video_of(sequence), Path(out), RATE)
        grid = analysed_frames(sequences[0].parent, Path(out), RATE)
        return _table(sequences, Path(out), grid)


def given_detections_table(sequences: list[Path]) -> str:
    """Score the detections of `SEQ/det.txt`, linked without pixels."""
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as out:
        for sequence in sequences:
            _link(sequence, Path(out) / f"{sequence.name}.txt")
        return _table(sequences, Path(out))


def _link(sequence: Path, out: Path) -> None:
    """Link a sequence's detections as `passerby link` does."""
    frame_rate = read_frame_rate(sequence / "seqinfo.ini")
    observed = read_detections(sequence / "det.txt").as_observations(frame_rate)
    video = probe(str(video_of(sequence)))
    write_tracks(out, link_boxes(observed, video.width, video.height))


def _table(sequences: list[Path], results: Path, grid: Grid | None = None) -> str:
    names: Collection[str] = [sequence.name for sequence in sequences]
    report = evaluate(sequences[0].parent, results, names, grid)
    headings = ["sequence", *RATIOS, *COUNTS, "persons", "true"]
    return markdown(headings, [_cells(row) for row in report.rows()])


def _cells(row: Row) -> list[Cell]:
    columns = ("sequence", *RATIOS, *COUNTS, "result_persons", "truth_persons")
    return [row[column] for column in columns]
