"""Turn sightings, in pixels, into the `Persons` of an answer, in fractions.

The service's body boxes were whole pixels divided by the frame's size, cut at its
border, each number a float32: so were all 1216 values of a page recorded in 2023.
An item has a body, a face, or both; what was not seen is left out.
"""

import numpy as np
from numpy.typing import NDArray

from passerby import boxes
from passerby.records import NO_FACE, Sightings
from passerby.wire.faces import ClassifyExpressions, face_details, float32_columns
from passerby.wire.messages import BoundingBox, FaceDetail, PersonDetail, PersonDetection


def person_detections(
    sightings: Sightings,
    width: int,
    height: int,
    classify_expressions: ClassifyExpressions | None = None,
) -> list[PersonDetection]:
    """Convert the rows of `sightings`, in their order.

    Parameters
    ----------
    sightings : Sightings
        Rows of one page.
    width, height : int
        Size of the upright frame in pixels.
    classify_expressions : callable, optional
        See `faces.face_details`.
    """
    return [
        PersonDetection(timestamp, PersonDetail(index, body, face))
        for timestamp, index, body, face in zip(
            sightings.timestamp_ms.tolist(),
            sightings.person_index.tolist(),
            _bodies(sightings, width, height),
            _faces(sightings, width, height, classify_expressions),
            strict=True,
        )
    ]


def _bodies(sightings: Sightings, width: int, height: int) -> list[BoundingBox | None]:
    """Convert the box of each row; None where only the face was seen."""
    found = map(BoundingBox, *float32_columns(_ratios(sightings.xyxy, width, height)))
    seen = sightings.has_body.tolist()
    return [box if body else None for box, body in zip(found, seen, strict=True)]


def _faces(
    sightings: Sightings, width: int, height: int, classify_expressions: ClassifyExpressions | None
) -> list[FaceDetail | None]:
    """Convert the face of each row; None where it has none."""
    details = face_details(sightings.faces, width, height, classify_expressions)
    return [None if row == NO_FACE else details[row] for row in sightings.face.tolist()]


def _ratios(xyxy: NDArray[np.float32], width: int, height: int) -> boxes.Boxes:
    """Compute width, height, left, top, (N, 4) fractions in [0, 1] of the frame; NaN stays."""
    whole = boxes.clip(np.rint(xyxy), width, height)
    left, top, box_width, box_height = boxes.to_ltwh(whole).T
    return np.stack([box_width / width, box_height / height, left / width, top / height], axis=1)
