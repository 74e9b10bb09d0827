"""Paths as "CVAT for video 1.1": tracks that can be corrected by hand.

A track a person, with a keyframe wherever its box leaves the straight way, and every 50
frames at least: CVAT cuts a task into jobs, and a job in which a track has none does not
show it. A box that was
filled in is `occluded`; where the person is gone, the track is `outside`. Faces are left
out: CVAT refuses a file with a label that its task does not have, and drops attributes that
it does not have in silence.

Source: CVAT's documentation, "XML annotation format", version 1.1, for a video task; of a
track CVAT reads only what is a keyframe.
"""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from passerby.exports.keyframes import PersonPath, paths
from passerby.exports.source import ExportSource, Extent, extent
from passerby.films.progress import ProgressCallback

LABEL, ATTRIBUTE = "person", "index"
# A box on a frame that the video does not have has CVAT refuse the file; how many frames
# there are is known but for rounding.
LAST_FRAMES = 2
# Frames from one keyframe of a track to the next, at most. Jobs are rarely shorter.
KEYFRAME_EVERY = 50


def chunks(
    result: ExportSource, on_progress: ProgressCallback, keyframe_every: int = KEYFRAME_EVERY
) -> Iterator[bytes]:
    """Yield the whole file, person by person."""
    reach = extent(result)
    yield _head(result, reach).encode()
    done = 0
    end = max(reach.frames - LAST_FRAMES, reach.last_frame + 1)
    for path in paths(result):
        yield "".join(_track(path, end, keyframe_every)).encode("ascii")
        done += len(path)
        on_progress(done)
    yield b"</annotations>\n"


def _head(result: ExportSource, reach: Extent) -> str:
    video = result.video
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        "<annotations>\n"
        "  <version>1.1</version>\n"
        "  <meta>\n"
        "    <task>\n"
        f"      <name>{escape(result.name)}</name>\n"
        f"      <size>{reach.frames}</size>\n"
        "      <mode>interpolation</mode>\n"
        "      <labels>\n"
        "        <label>\n"
        f"          <name>{LABEL}</name>\n"
        "          <attributes>\n"
        "            <attribute>\n"
        f"              <name>{ATTRIBUTE}</name>\n"
        "              <mutable>False</mutable>\n"
        "              <input_type>number</input_type>\n"
        "              <default_value>0</default_value>\n"
        "              <values>0\n1000000\n1</values>\n"
        "            </attribute>\n"
        "          </attributes>\n"
        "        </label>\n"
        "      </labels>\n"
        "      <original_size>\n"
        f"        <width>{video.width}</width>\n"
        f"        <height>{video.height}</height>\n"
        "      </original_size>\n"
        "    </task>\n"
        "  </meta>\n"
    )


def _track(path: PersonPath, end: int, keyframe_every: int) -> Iterator[str]:
    """Yield the lines of one track; the video surely has the frames before `end`."""
    person = path.person_index
    yield f'  <track id="{person}" label="{LABEL}" source="auto">\n'
    kept = path.keyframes(path.frame_index, keyframe_every)
    columns = (path.frame_index, path.xyxy, path.detected, path.gone)
    for frame, box, detected, gone in zip(
        *(column[kept].tolist() for column in columns), strict=True
    ):
        yield _box(person, frame, box, occluded=not detected)
        if gone and frame + 1 < end:
            yield _box(person, frame + 1, box, outside=True)
    yield "  </track>\n"


def _box(
    person: int, frame: int, xyxy: list[float], *, occluded: bool = False, outside: bool = False
) -> str:
    left, top, right, bottom = xyxy
    return (
        f'    <box frame="{frame}" outside="{outside:d}" occluded="{occluded:d}" keyframe="1"'
        f' xtl="{left:.2f}" ytl="{top:.2f}" xbr="{right:.2f}" ybr="{bottom:.2f}" z_order="0">\n'
        f'      <attribute name="{ATTRIBUTE}">{person}</attribute>\n'
        "    </box>\n"
    )
