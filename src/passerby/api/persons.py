"""How sightings, in pixels, become the `Persons` of an answer, in fractions.

The service's body boxes were whole pixels divided by the frame's size, cut at its
border, each number a float32: so were all 1216 values of a page recorded in 2023.
"""

import numpy as np
from numpy.typing import NDArray

from passerby import boxes
from passerby.api.messages import BoundingBox, PersonDetail, PersonDetection
from passerby.records import Sightings


def persons(sightings: Sightings, width: int, height: int) -> list[PersonDetection]:
    """Spell out the rows of `sightings`, in their order.

    Parameters
    ----------
    sightings : Sightings
        Rows of one page.
    width, height : int
        Size of the upright frame in pixels.
    """
    return [
        PersonDetection(timestamp, PersonDetail(index, BoundingBox(*box)))
        for timestamp, index, box in zip(
            sightings.timestamp_ms.tolist(),
            sightings.person_index.tolist(),
            _ratios(sightings.xyxy, width, height).tolist(),
            strict=True,
        )
    ]


def _ratios(xyxy: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """(N, 4) width, height, left, top: fractions of the frame, in [0, 1]."""
    whole = boxes.clip(np.rint(xyxy), width, height)
    left, top, box_width, box_height = boxes.to_ltwh(whole).T
    ratios: NDArray[np.float32] = np.stack(
        [box_width / width, box_height / height, left / width, top / height], axis=1
    ).astype(np.float32)
    return ratios
