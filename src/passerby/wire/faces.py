"""Turn faces, in pixels, into the `Face` members of an answer, in fractions.

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
    FaceAttribute,
    FaceDetail,
    ImageQuality,
    Landmark,
    Pose,
)

# A value and its confidence, percent; None where the picture does not show it.
Classification = tuple[bool, float] | None
# Says of each face whether the eyes are open, whether the mouth is, and whether it smiles.
ClassifyExpressions = Callable[
    [Faces], Sequence[tuple[Classification, Classification, Classification]]
]

DEFAULT_LANDMARKS = LANDMARKS[:5]


def face_details(
    faces: Faces, width: int, height: int, classify_expressions: ClassifyExpressions | None
) -> list[FaceDetail]:
    """Convert faces, in their order.

    Parameters
    ----------
    width, height : int
        Size of the upright frame in pixels.
    classify_expressions : callable, optional
        Adds eyes, mouth and smile, and all landmarks. Without it, a face has what the
        service gave by default.
    """
    box = boxes.to_ltwh(boxes.clip(faces.xyxy.astype(np.float64), width, height))
    names = DEFAULT_LANDMARKS if classify_expressions is None else LANDMARKS
    return list(
        map(
            FaceDetail,
            map(
                BoundingBox, *float32_columns(box[:, [2, 3, 0, 1]] / [width, height, width, height])
            ),
            *float32_columns(100 * faces.confidence[:, None].astype(np.float64)),
            _landmark_tuples(faces.landmarks / [width, height], names),
            map(Pose, *float32_columns(faces.pose)),
            map(ImageQuality, *float32_columns(faces.quality)),
            *_attribute_columns(
                [] if classify_expressions is None else classify_expressions(faces)
            ),
        )
    )


def float32_columns(values: NDArray[np.floating]) -> list[list[float]]:
    """Convert numbers to columns rounded to float32, as the service sent them.

    A list a row would be a thousand lists a page for the garbage collector to go through:
    a pause of 50 ms every 70 pages (measured).
    """
    columns: list[list[float]] = values.astype(np.float32).T.tolist()
    return columns


def _landmark_tuples(
    places: NDArray[np.float64], names: Sequence[str]
) -> Iterator[tuple[Landmark, ...]]:
    """Yield the landmarks of each face; `places` are (M, 30, 2), fractions of the frame."""
    of_all_faces = (
        map(Landmark, repeat(name), *float32_columns(places[:, number]))
        for number, name in enumerate(names)
    )
    return zip(*of_all_faces, strict=True)


def _attribute_columns(
    classifications: Sequence[tuple[Classification, Classification, Classification]],
) -> Iterator[list[FaceAttribute | None]]:
    """Yield eyes, mouth and smile of all faces; nothing where none was classified."""
    return (
        [_attribute(classification) for classification in column]
        for column in zip(*classifications, strict=True)
    )


def _attribute(classification: Classification) -> FaceAttribute | None:
    if classification is None:
        return None
    value, confidence = classification
    return FaceAttribute(value, float(np.float32(confidence)))
