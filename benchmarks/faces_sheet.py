"""Draw all faces found in footage, and all heads without one, to be checked by eye.

    python -m benchmarks.faces_sheet [--data FOLDER] [--out FOLDER]

Each video is looked at on the ticks where faces are looked for. `NAME-found.png` shows what
was taken for a face, with its confidence in hundredths, the doubtful ones first;
`NAME-none.png` the heads of persons, nearest first, in which no face was found.
"""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from benchmarks import footage

from passerby.boxes import clip
from passerby.faces.crops import crop_image, head_crops
from passerby.faces.finder import open_face_finder
from passerby.inference.session import Image
from passerby.pathing.observe import FACED_CONFIDENCE
from passerby.pathing.plan import Options, Shard, plan
from passerby.pathing.video_source import FileSource
from passerby.people.detector import open_detector, scaled
from passerby.records import Face
from passerby.video.sampling import AnalysedFrames

TILE, COLUMNS = 96, 16  # pixels; tiles in a row
MOST_TILES = 320  # on a sheet, evenly chosen from all
ROOM = 1.8  # sides of a face's box that a tile shows
DOT, INK = (80, 255, 80), (255, 255, 255)


class Tile(NamedTuple):
    """A picture, and where it belongs on its sheet: the least first."""

    order: float
    image: Image  # (TILE, TILE, 3) BGR


def main() -> None:
    """Write the sheets, and print how many there are of each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("demo/faces"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for video in footage.clips(arguments.data):
        found, none = _tiles(video)
        print(f"{video.stem}: {len(found)} faces, {len(none)} heads without")
        _write(arguments.out / f"{video.stem}-found.png", found)
        _write(arguments.out / f"{video.stem}-none.png", none)


def _tiles(video: Path) -> tuple[list[Tile], list[Tile]]:
    found: list[Tile] = []
    none: list[Tile] = []
    for shard in plan(FileSource(str(video), "sheet"), Options()).shards:
        for image, faces, heads in _detect_at_ticks(shard):
            found += [Tile(face.confidence, _face_tile(image, face)) for face in faces]
            none += [
                Tile(-len(head), cv2.resize(head, (TILE, TILE)).astype(np.uint8)) for head in heads
            ]
    return found, none


def _detect_at_ticks(shard: Shard) -> Iterator[tuple[Image, list[Face], list[Image]]]:
    """Yield frame, faces, and the pictures of heads without one, at each tick."""
    detector = open_detector(shard.network, shard.runtime, shard.device)
    finder = open_face_finder(shard.runtime, shard.device)
    for sampled in AnalysedFrames(
        shard.source.location(), shard.span, shard.rate, shard.origin_pts
    ):
        if not sampled.has_face_tick or sampled.is_beyond_span:
            continue
        image, size = sampled.frame.image(), sampled.frame.size
        small = detector.detect(sampled.frame.image(shard.input_sizes[0]))
        seen = scaled(small, shard.input_sizes[0], size)
        persons = clip(seen.xyxy[seen.confidence >= FACED_CONFIDENCE], *size)
        faces = finder.find(image, persons)
        middles = (faces.xyxy[:, :2] + faces.xyxy[:, 2:]) / 2
        heads = [
            crop_image(image, crop)
            for crop in head_crops(persons)
            if not (np.abs(middles - crop.middle) < crop.side / 2).all(axis=1).any()
        ]
        yield image, [faces[row] for row in range(len(faces))], heads


def _face_tile(image: Image, face: Face) -> Image:
    left, top, right, bottom = face.xyxy
    side = max(right - left, bottom - top) * ROOM
    scale = TILE / side
    origin = np.array([(left + right - side) / 2, (top + bottom - side) / 2])
    moved = np.hstack([np.eye(2) * scale, (-origin * scale)[:, None]])
    tile = cv2.warpAffine(image, moved, (TILE, TILE)).astype(np.uint8)
    for point in face.landmarks[:5]:
        x, y = ((np.array(point) - origin) * scale).round().astype(int).tolist()
        cv2.circle(tile, (x, y), 1, DOT, -1)
    label = f"{100 * face.confidence:.0f} {face.yaw:+.0f}"
    cv2.putText(tile, label, (2, TILE - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.35, INK, 1, cv2.LINE_AA)
    return tile


def _write(path: Path, tiles: Iterable[Tile]) -> None:
    ordered = [tile.image for tile in sorted(tiles, key=lambda tile: tile.order)]
    if not ordered:
        return
    chosen = ordered[:: -(-len(ordered) // MOST_TILES)]
    blank = np.zeros((TILE, TILE, 3), np.uint8)
    chosen += [blank] * (-len(chosen) % COLUMNS)
    rows = [np.hstack(chosen[start : start + COLUMNS]) for start in range(0, len(chosen), COLUMNS)]
    cv2.imwrite(str(path), np.vstack(rows))


if __name__ == "__main__":
    main()
