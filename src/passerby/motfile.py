"""Read and write detections, tracks and truth as MOTChallenge text files.

One row a box: frame, id, left, top, width, height, confidence, and up to three
columns more, whose meaning depends on the benchmark. Frames and ids count from
1; an id of -1 says that the box belongs to nobody yet. Here left and top stand
as they do in the file: pixels of the upright frame, its corner at 0.

Source: L. Leal-Taixé et al., "MOTChallenge 2015: Towards a benchmark for
multi-target tracking", 2015, https://arxiv.org/abs/1504.01942, section 3.3.
"""

import configparser
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby import boxes
from passerby.errors import FileFormatError
from passerby.records import Faces, Observations, Sightings

BOX_COLUMNS = 6  # frame, id, left, top, width, height: what every row must have
COLUMNS_READ = 9  # the tenth column means nothing in any two-dimensional benchmark


@dataclass(frozen=True)
class MotRows:
    """Rows of one file, in its order unless said otherwise."""

    frame: NDArray[np.int64]  # (N,) from 1
    track_id: NDArray[np.int64]  # (N,) -1 where the box has no identity
    xyxy: NDArray[np.float64]  # (N, 4) pixels
    confidence: NDArray[np.float64]  # (N,) any scale, the detector's own; NaN where not given
    trailing: NDArray[np.float64]  # (N, 2) columns 8 and 9 as they stand; NaN where not given

    def __len__(self) -> int:
        return len(self.frame)

    def as_observations(self, frame_rate: float) -> Observations:
        """Convert detections sorted by frame to observations of every frame, at rest.

        Parameters
        ----------
        frame_rate : float
            Frames per second, which such a file does not hold.
        """
        count = int(self.frame.max(initial=0))
        frames = np.arange(count)
        return Observations(
            frame_index=frames,
            timestamp_ms=(frames * 1000 / frame_rate).astype(np.int64),
            camera_motion=np.tile(np.eye(2, 3, dtype=np.float32), (count, 1, 1)),
            first_detection=np.searchsorted(self.frame, np.arange(1, count + 2)).astype(np.int64),
            xyxy=self.xyxy.astype(np.float32),
            confidence=self.confidence.astype(np.float32),
            described=np.empty(0, np.int64),
            appearance=np.empty((0, 0), np.uint8),
            first_face=np.zeros(count + 1, np.int64),
            faces=Faces.none(),
            frame_count=count,
        )

    def at(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> "MotRows":
        """Take the rows chosen by an index array, a mask or a slice, in its order."""
        return MotRows(
            self.frame[rows],
            self.track_id[rows],
            self.xyxy[rows],
            self.confidence[rows],
            self.trailing[rows],
        )


def read_rows(path: Path) -> MotRows:
    """Read a truth, result or detection file.

    Raises
    ------
    FileFormatError
        If the file cannot be read, or a row of it makes no sense. The message
        names the file and the line.
    """
    values = [_parse_row(path, number, line) for number, line in _lines(path)]
    table = np.array(values, dtype=np.float64).reshape(-1, COLUMNS_READ)
    return MotRows(
        frame=table[:, 0].astype(np.int64),
        track_id=table[:, 1].astype(np.int64),
        xyxy=boxes.from_ltwh(table[:, 2:6]).astype(np.float64),
        confidence=table[:, 6],
        trailing=table[:, 7:9],
    )


def read_detections(path: Path) -> MotRows:
    """Read a detection file: rows by frame, within a frame best first.

    Raises
    ------
    FileFormatError
        As `read_rows` does, and if a row has no confidence.
    """
    rows = read_rows(path)
    if np.isnan(rows.confidence).any():
        raise FileFormatError(f"{path}: a detection's confidence, the seventh column, is missing")
    return rows.at(np.lexsort((-rows.confidence, rows.frame)))


def write_detections(path: Path, observations: Observations) -> None:
    """Write the detections of observations, as `read_detections` reads them."""
    frame_of = np.repeat(observations.frame_index, np.diff(observations.first_detection))
    ltwh = boxes.to_ltwh(observations.xyxy.astype(np.float64))
    rows = zip(frame_of.tolist(), ltwh.tolist(), observations.confidence.tolist(), strict=True)
    with path.open("w", encoding="ascii", newline="\n") as file:
        for frame, (left, top, width, height), confidence in rows:
            box = f"{left:.2f},{top:.2f},{width:.2f},{height:.2f}"
            file.write(f"{frame + 1},-1,{box},{confidence:.4f},-1,-1,-1\n")


def write_tracks(path: Path, sightings: Sightings) -> None:
    """Write sightings to a file, one line of `track_lines` each."""
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.writelines(track_lines(sightings))


def track_lines(sightings: Sightings) -> Iterator[str]:
    """Format sightings as lines, with frame = 1 + frame index and id = 1 + person index.

    The format knows boxes of bodies only: where just a face was seen, there is no row.
    """
    sightings = sightings.take(sightings.has_body)
    ltwh = boxes.to_ltwh(sightings.xyxy.astype(np.float64))
    columns = zip(
        (sightings.frame_index + 1).tolist(),
        (sightings.person_index + 1).tolist(),
        ltwh.tolist(),
        sightings.confidence.tolist(),
        strict=True,
    )
    for frame, track_id, (left, top, width, height), confidence in columns:
        box = f"{left:.2f},{top:.2f},{width:.2f},{height:.2f}"
        yield f"{frame},{track_id},{box},{confidence:.4f},-1,-1,-1\n"


def read_sequence_length(path: Path) -> int:
    """Read the number of frames of a sequence from its `seqinfo.ini`.

    Raises
    ------
    FileFormatError
        If the file cannot be read or has no length.
    """
    return int(_sequence_value(path, "seqLength"))


def read_frame_rate(path: Path) -> float:
    """Read the frames per second of a sequence from its `seqinfo.ini`; errors likewise."""
    return _sequence_value(path, "frameRate")


def _sequence_value(path: Path, name: str) -> float:
    """Read a number above 0 from the one section that such a file has."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(_text(path))
        value = parser.getfloat("Sequence", name)
    except (configparser.Error, ValueError) as error:
        raise FileFormatError(f"{path}: no {name} in a section [Sequence]: {error}") from error
    if not 0 < value < math.inf:
        raise FileFormatError(f"{path}: {name} is {value:g}")
    return value


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line number, from 1, and text of the lines that are not blank."""
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if line.strip():
            yield number, line


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{path}: cannot be read as text: {error}") from error


def _parse_row(path: Path, number: int, line: str) -> list[float]:
    """Parse `COLUMNS_READ` numbers, NaN for those that the row leaves out."""
    fields = line.strip().rstrip(",").split(",") if "," in line else line.split()
    try:
        values = [float(field) for field in fields[:COLUMNS_READ]]
    except ValueError as error:
        raise FileFormatError(f"{path}, line {number}: {error}") from error
    fault = _fault(values)
    if fault:
        raise FileFormatError(f"{path}, line {number}: {fault}")
    return values + [math.nan] * (COLUMNS_READ - len(values))


def _fault(values: list[float]) -> str | None:
    """Say what is wrong with a row; None where nothing is."""
    if len(values) < BOX_COLUMNS:
        return f"{len(values)} columns, at least {BOX_COLUMNS} are needed"
    if not all(math.isfinite(value) for value in values):
        return "a value is not finite"
    frame, track_id, _, _, width, height = values[:BOX_COLUMNS]
    if frame < 1 or frame % 1:
        return f"frame {frame:g} is not a whole number from 1"
    if track_id % 1:
        return f"id {track_id:g} is not a whole number"
    if width < 0 or height < 0:
        return f"a box of {width:g} x {height:g} pixels"
    return None
