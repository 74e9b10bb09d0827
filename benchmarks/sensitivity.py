"""Measure how much the paths depend on each setting of the linker.

    python -m benchmarks.sensitivity [--data FOLDER]

Links the boxes of every `SEQ/det.txt` with each setting a third lower and a half
higher, the others as they are, and scores the tracks. Then leaves each sequence out in
turn: whichever variant is best on the others is scored on the one left out. Where that
comes near the figure of the shipped settings, these were not tuned to the sequence.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from benchmarks import footage
from benchmarks.table import Cell, markdown

from passerby.evaluation.report import COMBINED, evaluate
from passerby.motfile import read_detections, read_frame_rate, write_tracks
from passerby.records import Observations, Sightings
from passerby.tracking import association, finalise, stitching
from passerby.tracking.appearance import appearance_embeddings
from passerby.tracking.association import AssociationSettings
from passerby.tracking.bidirectional import associate_bidirectionally, extend
from passerby.tracking.borders import at_border
from passerby.tracking.faces.tracks import faces_in_view
from passerby.tracking.finalise import EvidenceSettings
from passerby.tracking.stabilisation import stabilise
from passerby.tracking.stitching import StitchingSettings
from passerby.tracking.track_motion import shared_motion
from passerby.video.probe import probe

FACTORS = (2 / 3, 3 / 2)

Scores = Mapping[str, tuple[float, float]]  # sequence, and all together → HOTA, IDF1


class Given(NamedTuple):
    """Boxes of a sequence and the size of its frames, pixels."""

    observations: Observations
    width: int
    height: int


class Settings(NamedTuple):
    """All that can be set in the linker."""

    association: AssociationSettings = association.DEFAULT
    stitching: StitchingSettings = stitching.DEFAULT
    evidence: EvidenceSettings = finalise.DEFAULT


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    sequences = footage.sequences(parser.parse_args().data)
    given = {path.name: _load_sequence(path) for path in sequences}
    scores = {name: _scores(sequences, given, each) for name, each in _variants()}
    shipped = scores["as shipped"][COMBINED]
    rows: list[list[Cell]] = [
        [name, *each[COMBINED], each[COMBINED][0] - shipped[0], each[COMBINED][1] - shipped[1]]
        for name, each in scores.items()
    ]
    print(markdown(["setting", "HOTA", "IDF1", "ΔHOTA", "ΔIDF1"], rows), "\n")
    print(
        markdown(["left out", "best on the others", "HOTA", "as shipped"], _leave_one_out(scores))
    )


def _variants() -> Iterator[tuple[str, Settings]]:
    """The shipped settings, and one changed at a time."""
    shipped = Settings()
    yield "as shipped", shipped
    for part, name, value in _numbers(shipped):
        for factor in FACTORS:
            changed = type(value)(round(value * factor, 6))
            if changed != value:
                part_changed = replace(getattr(shipped, part), **{name: changed})
                yield f"{part}.{name} = {changed:g}", shipped._replace(**{part: part_changed})


def _numbers(settings: Settings) -> Iterator[tuple[str, str, Any]]:
    """Yield part, name and value of every setting that is one number."""
    for part, values in settings._asdict().items():
        for field in fields(values):
            value = getattr(values, field.name)
            if isinstance(value, (int, float)):
                yield part, field.name, value


def _load_sequence(sequence: Path) -> Given:
    frame_rate = read_frame_rate(sequence / "seqinfo.ini")
    boxes = read_detections(sequence / "det.txt").as_observations(frame_rate)
    observed = replace(boxes, camera_motion=shared_motion(stabilise(boxes)))
    video = probe(str(footage.video_of(sequence)))
    return Given(observed, video.width, video.height)


def _scores(sequences: list[Path], given: Mapping[str, Given], settings: Settings) -> Scores:
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as out:
        for name, each in given.items():
            write_tracks(Path(out) / f"{name}.txt", _link(each, settings))
        report = evaluate(sequences[0].parent, Path(out), list(given))
        return {
            str(row["sequence"]): (float(row["HOTA"]), float(row["IDF1"])) for row in report.rows()
        }


def _link(given: Given, settings: Settings) -> Sightings:
    """Link boxes as `pathing.link_boxes` does, with other settings."""
    view = stabilise(given.observations)
    tracklets = associate_bidirectionally(view, settings.association)
    embeddings = appearance_embeddings(view, tracklets.tracklet_of)
    borders = at_border(given.observations.xyxy, given.width, given.height)
    person_of = stitching.stitch(
        view, tracklets.tracklet_of, embeddings, borders, settings.stitching
    )
    person_of = extend(view, person_of, tracklets)
    faces = faces_in_view(view, given.observations.first_face, given.observations.faces)
    nobodys = np.empty(0, np.int64)  # boxes came without pixels, so without faces
    return finalise.sightings(
        given.observations, view, person_of, faces, nobodys, settings.evidence
    )


def _leave_one_out(scores: Mapping[str, Scores]) -> list[list[Cell]]:
    """Choose a variant without each sequence in turn, and tell what it gives on that one."""
    shipped = scores["as shipped"]
    rows: list[list[Cell]] = []
    for name in shipped:
        others = [other for other in shipped if other not in {name, COMBINED}]
        if name != COMBINED and others:
            best = max(scores, key=lambda each: sum(scores[each][other][0] for other in others))
            rows.append([name, best, scores[best][name][0], shipped[name][0]])
    return rows


if __name__ == "__main__":
    main()
