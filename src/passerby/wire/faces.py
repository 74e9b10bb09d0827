"""How faces, in pixels, become the `Face` of an answer, in fractions.

Unlike a body's, the box of a face was no whole number of pixels; it, too, was cut at
the border of the frame: so were all 173 faces of an answer recorded in 2023. They had a
box, a confidence, five landmarks, pose and quality, and nothing else.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from passerby import boxes
from passerby.records import LANDMARKS, Faces
from passerby.wire.messages import (
    BoundingBox,
    FaceDetail,
    ImageQuality,
    Judgement,
    Landmark,
    Pose,
)

# Whether it is so, and how sure that is, percent; None where the picture does not tell.
Opinion = tuple[bool, float] | None
# For each face: whether the eyes are open, whether the mouth is, whether it smiles.
JudgeFaces = Callable[[Faces], Sequence[tuple[Opinion, Opinion, Opinion]]]

DEFAULT_LANDMARKS = LANDMARKS[:5]


def face_details(
    faces: Faces, width: int, height: int, judge: JudgeFaces | None
) -> list[FaceDetail]:
    """Spell out faces, in their order.

    Parameters
    ----------
    width, height : int
        Size of the upright frame in pixels.
    judge : callable, optional
        Tells expressions, which are then spelled out with all landmarks; without it, a
        face has what the service gave by default.
    """
    box = boxes.to_ltwh(boxes.clip(faces.xyxy.astype(np.float64), width, height))
    names = DEFAULT_LANDMARKS if judge is None else LANDMARKS
    return list(
        map(
            FaceDetail,
            map(BoundingBox, *as_sent(box[:, [2, 3, 0, 1]] / [width, height, width, height])),
            *as_sent(100 * faces.confidence[:, None].astype(np.float64)),
            _landmarks(faces.landmarks / [width, height], names),
            map(Pose, *as_sent(faces.pose)),
            map(ImageQuality, *as_sent(faces.quality)),
            *_judgements([] if judge is None else judge(faces)),
        )
    )


def as_sent(values: NDArray[np.floating]) -> list[list[float]]:
    """Columns of numbers as the service sent them: widened from float32.

    Columns, for a list a row would be a thousand lists a page, for the garbage collector
    to go through: a pause of 50 ms every 70 pages (measured).
    """
    columns: list[list[float]] = values.astype(np.float32).T.tolist()
    return columns


def _landmarks(places: NDArray[np.float64], names: Sequence[str]) -> Iterator[tuple[Landmark, ...]]:
    """Landmarks of each face, from all their (M, 30, 2) places, fractions of the frame."""
    of_all_faces = (
        map(Landmark, repeat(name), *as_sent(places[:, number]))
        for number, name in enumerate(names)
    )
    return zip(*of_all_faces, strict=True)


def _judgements(
    opinions: Sequence[tuple[Opinion, Opinion, Opinion]],
) -> Iterator[list[Judgement | None]]:
    """Eyes, mouth, smile: of all faces; nothing where there are no opinions."""
    return ([_judgement(opinion) for opinion in column] for column in zip(*opinions, strict=True))


def _judgement(opinion: Opinion) -> Judgement | None:
    if opinion is None:
        return None
    value, confidence = opinion
    return Judgement(value, float(np.float32(confidence)))
