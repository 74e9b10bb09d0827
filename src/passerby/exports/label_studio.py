"""Paths as a task of Label Studio, with a `videorectangle` for each person.

The task's `video` is the name of the file: put there where Label Studio finds it. Faces
are left out, and whether a box was filled in: a `videorectangle` has no place for either.

Sources: Label Studio's documentation, "Label Studio JSON format" and the tag
`VideoRectangle`: percent of the frame, frames from 1; straight lines are drawn from a
keyframe that is `enabled` to the next one, and after one that is not there is nothing.
"""

from collections.abc import Iterator

import msgspec
import numpy as np

from passerby import boxes
from passerby.exports.keyframes import PersonPath, paths
from passerby.exports.source import ExportSource, Extent, extent
from passerby.films.progress import ProgressCallback
from passerby.records import VideoInfo

# Names in the labelling configuration of Label Studio's own template for such videos.
RECTANGLE, VIDEO, LABEL = "box", "video", "person"
DECIMALS = 4  # of percent: within a hundredth of a pixel


def chunks(result: ExportSource, on_progress: ProgressCallback) -> Iterator[bytes]:
    """Yield a list of one task, person by person."""
    data = msgspec.json.encode({VIDEO: result.name})
    yield b'[{"data":' + data + b',"predictions":[{"model_version":"passerby","result":['
    done, reach = 0, extent(result)
    for path in paths(result):
        yield (b",\n" if done else b"\n") + msgspec.json.encode(_region(path, result.video, reach))
        done += len(path)
        on_progress(done)
    yield b"\n]}]}]\n"


def _region(path: PersonPath, video: VideoInfo, reach: Extent) -> dict[str, object]:
    return {
        "id": f"person-{path.person_index}",
        "from_name": RECTANGLE,
        "to_name": VIDEO,
        "type": "videorectangle",
        "value": {
            "labels": [LABEL],
            "framesCount": reach.player_frames,
            "duration": reach.end_ms / 1000,
            "sequence": _sequence(path, video),
        },
    }


def _sequence(path: PersonPath, video: VideoInfo) -> list[dict[str, object]]:
    """List keyframes, on the frames of a constant rate: Label Studio knows no other."""
    at_rate = np.rint(path.timestamp_ms * video.frame_rate / 1000).astype(np.int64)
    frame = 1 + (at_rate if video.frame_rate else path.frame_index)
    rows = np.flatnonzero(path.keyframes(frame))
    rows = rows[np.diff(frame[rows], append=-1) != 0]  # the last of those on the same frame
    percent = 100 * boxes.to_ltwh(path.xyxy[rows]) / ([video.width, video.height] * 2)
    columns = (
        frame[rows],
        path.timestamp_ms[rows] / 1000,
        ~path.gone[rows],
        percent.round(DECIMALS),
    )
    return [
        {"frame": number, "time": seconds, "enabled": enabled, "rotation": 0}
        | dict(zip(("x", "y", "width", "height"), box, strict=True))
        for number, seconds, enabled, box in zip(*map(np.ndarray.tolist, columns), strict=True)
    ]
