"""How good the paths are on footage that nobody tuned for: a virtual camera over known scenes.

    python -m benchmarks.virtual_camera DATA [--seeds held-out] [--folder FOLDER]

The sequences in DATA are filmed anew: nearer and farther, panned, shaken, cut out, slower,
compressed hard, mirrored, squeezed, dark. The truth goes along exactly. The clips are
written to a folder outside the repository, in MOTChallenge layout, and analysed as
`passerby track --rate all --face-attributes none` does; one table tells what each kind
gives. Settings are chosen on the `visible` seeds; the `held-out` ones are for a last check.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from statistics import mean

import av
import cv2
import numpy as np
from benchmarks.footage import sequences, video_of
from benchmarks.table import Cell, markdown
from numpy.typing import NDArray

from passerby import boxes
from passerby.bootstrap.single_file import track_file
from passerby.engine.local import LocalExecutor
from passerby.evaluation.report import COMBINED, EvaluationReport, evaluate
from passerby.motfile import MotRows, read_frame_rate, read_rows, write_tracks
from passerby.pathing.plan import Options
from passerby.records import VideoInfo
from passerby.video.decode import Image, decode
from passerby.video.probe import probe

SEEDS = {"visible": (0, 1), "held-out": (100, 101)}
CLIP_S = 6.0
WIDEST = 960  # pixels of a virtual picture
LEAST_INSIDE = 0.5  # share of a true box that the virtual picture shows, or it is left out
ORDINARY_CRF, STRONG_CRF = 20, 38
RATIOS = ("HOTA", "DetA", "AssA", "LocA", "IDF1", "MOTA", "IDSW")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shot:
    """What a virtual camera does, on F frames of a source of W x H pixels.

    A point (x, y) of the source is shown at ((x - left) * zoom * squeeze, (y - top) * zoom).
    """

    first: int  # frame of the source, from 0
    step: int  # every how manieth frame of the source is one here
    size: tuple[int, int]  # width, height of the pictures, pixels
    left: Floats  # (F,) pixels of the source
    top: Floats  # (F,)
    zoom: Floats  # (F,)
    squeeze: float = 1.0  # how wide a stored pixel is drawn less: the SAR's inverse
    is_mirrored: bool = False
    light: float = 1.0
    crf: int = ORDINARY_CRF

    def __len__(self) -> int:
        return len(self.zoom)


@dataclass(frozen=True)
class Scene:
    """A sequence that can be filmed."""

    folder: Path
    video: VideoInfo
    frame_rate: float
    truth: MotRows
    length: int  # frames

    @property
    def frames(self) -> int:
        """How many frames a clip has."""
        return min(round(CLIP_S * max(self.frame_rate, 10)), self.length)


def scene(folder: Path) -> Scene:
    """Read a sequence."""
    truth = read_rows(folder / "gt" / "gt.txt")
    video = probe(str(video_of(folder)))
    frame_rate = read_frame_rate(folder / "seqinfo.ini")
    return Scene(folder, video, frame_rate, truth, int(truth.frame.max()))


def still(here: Scene, chance: np.random.Generator, zoom: float) -> Shot:
    """The camera stands, `zoom` times as near; about somebody where that is less than all."""
    # Unzoomed, the picture is as wide as allowed.
    usual = min(1.0, WIDEST / max(here.video.width, here.video.height))
    width, height = here.video.width, here.video.height
    shown = min(1.0, 1 / zoom)
    size = _even(width * usual * zoom * shown), _even(height * usual * zoom * shown)
    first = int(chance.integers(0, here.length - here.frames + 1))
    centre = _somebody(here, first, chance)
    scale = np.full(here.frames, usual * zoom)
    corner = _corner(here, size, scale, np.tile(centre, (here.frames, 1)))
    return Shot(first, 1, size, corner[:, 0], corner[:, 1], scale)


def moved(here: Scene, shot: Shot, course: Floats) -> Shot:
    """The same with the corner moved along `course`, (F, 2) in pictures; kept in the source."""
    extent = np.divide(shot.size, shot.zoom[:, None])
    centre = np.column_stack([shot.left, shot.top]) + extent / 2 + course * extent
    corner = _corner(here, shot.size, shot.zoom, centre)
    return replace(shot, left=corner[:, 0], top=corner[:, 1])


def panned(here: Scene, chance: np.random.Generator) -> Shot:
    """From one side to the other and back, the picture showing two thirds."""
    shot = still(here, chance, 1.5)
    there = np.sin(np.linspace(0, 2 * np.pi, len(shot)) + chance.uniform(0, 2 * np.pi))
    return moved(here, shot, np.column_stack([there / 4, there / 20]))


def shaken(here: Scene, chance: np.random.Generator) -> Shot:
    """Held in a hand: steps that pull back to the middle."""
    shot = still(here, chance, 1.3)
    course = np.zeros((len(shot), 2))
    for frame in range(1, len(shot)):
        course[frame] = 0.9 * course[frame - 1] + chance.normal(0, 0.008, 2)
    return moved(here, shot, course)


def zoomed(here: Scene, chance: np.random.Generator) -> Shot:
    """From all of the picture to twice as near."""
    shot = still(here, chance, 2.0)
    extent = np.divide(shot.size, shot.zoom[:, None])
    centre = np.column_stack([shot.left, shot.top]) + extent / 2
    zoom = shot.zoom / 2 * np.geomspace(1, 2, len(shot))
    corner = _corner(here, shot.size, zoom, centre)
    return replace(shot, zoom=zoom, left=corner[:, 0], top=corner[:, 1])


def cropped(here: Scene, chance: np.random.Generator) -> Shot:
    """An upright part, or a flat one."""
    shot = still(here, chance, 1.0)
    width, height = shot.size
    part = (0.5, 1.0) if chance.random() < 1 / 2 else (1.0, 0.6)
    smaller = replace(shot, size=(_even(width * part[0]), _even(height * part[1])))
    return moved(here, smaller, np.tile(chance.uniform(0, 0.5, 2), (len(shot), 1)))


def slowed(here: Scene, chance: np.random.Generator) -> Shot:
    """About 8 frames a second, or half of what there is."""
    shot = still(here, chance, 1.0)
    step = max(2, round(here.frame_rate / 8))
    count = min(len(shot), (here.length - shot.first) // step)
    return replace(
        shot, step=step, left=shot.left[:count], top=shot.top[:count], zoom=shot.zoom[:count]
    )


def squeezed(here: Scene, chance: np.random.Generator) -> Shot:
    """Stored narrower or wider than shown, as DV and DVB are."""
    shot = still(here, chance, 1.0)
    squeeze = 0.7 if chance.random() < 1 / 2 else 1.4
    return replace(shot, squeeze=squeeze, size=(_even(shot.size[0] * squeeze), shot.size[1]))


KINDS: Mapping[str, Callable[[Scene, np.random.Generator], Shot]] = {
    "as it is": lambda here, chance: still(here, chance, 1.0),
    "zoom 0.5": lambda here, chance: still(here, chance, 0.5),
    "zoom 1.5": lambda here, chance: still(here, chance, 1.5),
    "zoom 2": lambda here, chance: still(here, chance, 2.0),
    "zoom 3": lambda here, chance: still(here, chance, 3.0),
    "zooming": zoomed,
    "pan": panned,
    "shake": shaken,
    "crop": cropped,
    "slow": slowed,
    "compressed": lambda here, chance: replace(still(here, chance, 1.0), crf=STRONG_CRF),
    "mirrored": lambda here, chance: replace(still(here, chance, 1.2), is_mirrored=True),
    "squeezed": squeezed,
    "darker": lambda here, chance: replace(still(here, chance, 1.0), light=0.35),
}


def seen_truth(truth: MotRows, shot: Shot) -> MotRows:
    """Truth of the virtual clip: whole boxes, without those that lie mostly outside."""
    at = truth.frame - 1 - shot.first
    frame = at // shot.step
    rows = np.flatnonzero((at >= 0) & (at % shot.step == 0) & (frame < len(shot)))
    frame = frame[rows]
    xyxy = shown_at(truth.xyxy[rows], shot, frame)
    whole = np.maximum(boxes.area(xyxy), 1e-9)
    inside = boxes.area(boxes.clip(xyxy, *shot.size)) / whole >= LEAST_INSIDE
    kept = truth.at(rows[inside])
    return replace(kept, frame=frame[inside] + 1, xyxy=xyxy[inside])


def shown_at(xyxy: Floats, shot: Shot, frame: NDArray[np.int64]) -> Floats:
    """(N, 4) boxes of the source → pixels of the virtual picture at `frame` (N,), from 0."""
    corner = np.column_stack([shot.left, shot.top])[frame]
    scale = shot.zoom[frame, None] * np.array([shot.squeeze, 1.0])
    shown: Floats = (xyxy - np.tile(corner, 2)) * np.tile(scale, 2)
    if shot.is_mirrored:
        shown[:, [0, 2]] = shot.size[0] - shown[:, [2, 0]]
    return shown


def pictures(source: Path, shot: Shot) -> Iterator[Image]:
    """Pictures of a virtual clip, BGR."""
    last = shot.first + shot.step * len(shot)
    wanted = islice(decode(str(source)), shot.first, last, shot.step)
    for position, frame in enumerate(wanted):
        # What is shrunk by more than the camera's bilinear taps see, is averaged before.
        shrink = min(1.0, float(shot.zoom[position]))
        width, height = frame.size
        near = frame.image((round(width * shrink), round(height * shrink)))
        yield _filmed(near, (width, height), shot, position)


def _filmed(near: Image, size: tuple[int, int], shot: Shot, position: int) -> Image:
    """One virtual picture of a source of `size` of which `near` is a smaller picture."""
    zoom = float(shot.zoom[position])
    scale = np.array([zoom * shot.squeeze, zoom])
    shift = -scale * [shot.left[position], shot.top[position]]
    growth = scale * size / near.shape[1::-1]
    # Pixels are areas: the middle of the first lies at a half.
    affine = np.column_stack([np.diag(growth), shift + growth / 2 - 1 / 2])
    picture = cv2.warpAffine(near, affine, shot.size, borderMode=cv2.BORDER_REPLICATE)
    if shot.is_mirrored:
        picture = picture[:, ::-1]
    if shot.light < 1:
        picture = (picture * shot.light).astype(np.uint8)
    return np.ascontiguousarray(picture, dtype=np.uint8)


def write_clip(here: Scene, shot: Shot, folder: Path) -> None:
    """Write `folder` in MOTChallenge layout, unless it is there."""
    if (folder / "gt" / "gt.txt").exists():
        return
    (folder / "gt").mkdir(parents=True, exist_ok=True)
    rate = Fraction(here.frame_rate).limit_denominator(1001) / shot.step
    options = {"preset": "veryfast", "crf": str(shot.crf)}
    with av.open(video_of(folder), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height = shot.size
        stream.pix_fmt = "yuv420p"
        shape = Fraction(1 / shot.squeeze).limit_denominator(100)
        stream.codec_context.sample_aspect_ratio = shape
        for picture in pictures(video_of(here.folder), shot):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        container.mux(stream.encode())
    (folder / "seqinfo.ini").write_text(
        f"[Sequence]\nname={folder.name}\nframeRate={float(rate):g}\nseqLength={len(shot)}\n"
        f"imWidth={shot.size[0]}\nimHeight={shot.size[1]}\n"
    )
    (folder / "gt" / "gt.txt").write_text("".join(_lines(seen_truth(here.truth, shot))))


def _lines(rows: MotRows) -> Iterator[str]:
    ltwh = boxes.to_ltwh(rows.xyxy)
    trailing = np.nan_to_num(rows.trailing, nan=-1)
    columns = (rows.frame, rows.track_id, ltwh, rows.confidence, trailing)
    for frame, person, box, confidence, rest in zip(*(c.tolist() for c in columns), strict=True):
        left, top, width, height = box
        place = f"{left:.3f},{top:.3f},{width:.3f},{height:.3f}"
        yield f"{frame},{person},{place},{confidence:g},{rest[0]:g},{rest[1]:g}\n"


def clips(data: Path, seeds: tuple[int, ...], folder: Path) -> dict[str, str]:
    """Write all clips into `folder`; name of each → its kind."""
    kind_of = {}
    for path in sequences(data):
        here = scene(path)
        for number, (kind, make) in enumerate(KINDS.items()):
            for seed in seeds:
                name = f"{path.name}.{kind.replace(' ', '-')}.{seed}"
                chance = np.random.default_rng([seed, number])
                write_clip(here, make(here, chance), folder / name)
                kind_of[name] = kind
    return kind_of


def track(video: Path, out: Path) -> None:
    """Analyse as `passerby track --rate all --face-attributes none` does."""
    options = Options(rate=None, with_faces=False)
    found = track_file(video, options, LocalExecutor(workers=1))
    write_tracks(out / f"{video.stem}.txt", found.sightings)


def table(report: EvaluationReport, kind_of: Mapping[str, str]) -> str:
    """Means of each kind's clips, and of all."""
    rows = [row for row in report.rows() if row["sequence"] != COMBINED]
    lines: list[list[Cell]] = []
    for kind in [*dict.fromkeys(kind_of.values()), "all"]:
        of_kind = [row for row in rows if kind in {kind_of[str(row["sequence"])], "all"}]
        lines.append([kind, *(mean(float(row[ratio]) for row in of_kind) for ratio in RATIOS)])
    return markdown(["kind", *RATIOS], lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", choices=sorted(SEEDS), default="visible")
    usual = Path(tempfile.gettempdir()) / "passerby-virtual-camera"
    parser.add_argument("--folder", type=Path, default=usual, help="where clips are kept")
    arguments = parser.parse_args()
    folder: Path = arguments.folder / arguments.seeds
    kind_of = clips(arguments.data, SEEDS[arguments.seeds], folder)
    with tempfile.TemporaryDirectory(prefix="passerby-virtual-") as out:
        for name in kind_of:
            track(video_of(folder / name), Path(out))
        print(table(evaluate(folder, Path(out), list(kind_of)), kind_of))


def _somebody(here: Scene, first: int, chance: np.random.Generator) -> Floats:
    """Middle of a true box in the middle of a clip, (2,) pixels of the source."""
    near = np.flatnonzero(here.truth.frame == first + here.frames // 2 + 1)
    rows = near if len(near) else np.arange(len(here.truth))
    box = here.truth.xyxy[chance.choice(rows)]
    middle: Floats = (box[:2] + box[2:]) / 2
    return middle


def _corner(here: Scene, size: tuple[int, int], zoom: Floats, centre: Floats) -> Floats:
    """(F, 2) top-left corners of pictures about `centre` (F, 2) that lie within the source."""
    extent = np.divide(size, zoom[:, None])
    most = np.maximum(np.array([here.video.width, here.video.height]) - extent, 0)
    return np.clip(centre - extent / 2, 0, most)


def _even(pixels: float) -> int:
    """Rounded to an even number, as the codec wants it."""
    return max(2, round(pixels / 2) * 2)


if __name__ == "__main__":
    main()
