"""From the observations of a whole video to the persons in it.

The cheap half of the work: arrays only, no pixels, in order, once.
"""

from dataclasses import replace

import numpy as np

from passerby import boxes
from passerby.records import Observations, Sightings
from passerby.tracking.agreement import agree
from passerby.tracking.borders import at_border
from passerby.tracking.persons import sightings
from passerby.tracking.resemblance import resemblance
from passerby.tracking.reunion import reunite
from passerby.tracking.steady import steady
from passerby.tracking.stitching import stitch
from passerby.tracking.unison import shared_motion


def link(observations: Observations, width: int, height: int) -> Sightings:
    """Say who was where and when in a video that was observed to its end.

    Parameters
    ----------
    observations : Observations
        Of the whole video, in time order.
    width, height : int
        Of the upright frame, pixels.

    Returns
    -------
    Sightings
        Boxes may reach over the frame's border where a person does, but not
        lie wholly outside.
    """
    view = steady(observations)
    tracklet_of = agree(view)
    looks = resemblance(view, tracklet_of)
    stay_of = stitch(view, tracklet_of, looks, at_border(observations, width, height))
    person_of = reunite(view, stay_of)
    return _in_frame(sightings(observations, view, person_of), width, height)


def link_boxes(observations: Observations, width: int, height: int) -> Sightings:
    """As `link`, for boxes that came without pixels: the people tell how the camera moved.

    The camera's motion in `observations` must be none; it is not known.
    """
    motion = shared_motion(steady(observations))
    return link(replace(observations, camera_motion=motion), width, height)


def _in_frame(found: Sightings, width: int, height: int) -> Sightings:
    """Without the boxes that a course carried out of the frame between two detections."""
    inside = boxes.area(boxes.clip(found.xyxy, width, height)) > 0
    return found if inside.all() else _renumbered(found.take(inside))


def _renumbered(found: Sightings) -> Sightings:
    """The same persons, counted in order of first appearance again."""
    _, first_row, person = np.unique(found.person_index, return_index=True, return_inverse=True)
    number = np.argsort(np.argsort(first_row))[person]
    return replace(found, person_index=number).take(np.lexsort((number, found.frame_index)))
