"""A copy of the video in which people are unrecognisable.

A privacy tool errs towards too much: boxes are grown, people are masked for a while
before they are first seen and after they are last seen, and where somebody to be hidden and
somebody to be shown overlap, hiding wins unless the other clearly stands in front. It can
only hide whom the analysis found, and the sound stays: look at a film, and listen to
it, before handing it on.
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.films.blur_selection import BlurSelection
from passerby.films.film import write_film
from passerby.films.masks import HiddenPersons, Masks
from passerby.films.placement import PersonPositions, locate_persons
from passerby.films.progress import ProgressCallback
from passerby.records import Sightings
from passerby.video.decode import DecodedFrame, Image

# Of a mask there remain so many colours across and down, each rounded to steps of so
# much, and none for less than so many pixels across. A face is a sixth to a seventh of
# a body: its colour is mixed with the hair's and the background's. The grid moves with the
# person: one that stood still would see finer detail pass by, frame after frame.
BODY_CELLS = (3, 6)
HEAD_CELLS = (2, 2)
COLOUR_STEP = 16
MIN_CELL_PIXELS = 8

# Of a person's box, the part that is sure to show the person and nobody behind:
# an ellipse of so many widths and heights. At the height of the head it is as wide as that.
CORE = (0.4, 0.9)


def write_blurred(
    source: str,
    sightings: Sightings,
    target: Path,
    selection: BlurSelection,
    on_progress: ProgressCallback | None = None,
) -> None:
    """Write a copy of a video as MP4 in which people cannot be recognised, with its sound.

    Parameters
    ----------
    source : str
        Path or http(s) URL of the video.
    sightings : Sightings
        What was found in it.
    target : Path
        File to write; there is either all of it, or nothing.
    selection : BlurSelection
    on_progress : callable, optional
        Receives the number of frames done, after each.

    Raises
    ------
    ValueError
        If one of the persons named is not among the sightings: nobody would be hidden, or
        shown, in their place.
    VideoError
        If the source cannot be read, or holds no frame.
    """
    unknown = selection.persons - set(sightings.person_index.tolist())
    if unknown:
        raise ValueError(f"there is no person {min(unknown)} in the video")
    write_film(source, target, _frame_editor(sightings, selection), on_progress=on_progress)


def _frame_editor(
    sightings: Sightings, selection: BlurSelection
) -> Callable[[DecodedFrame, Image], Image]:
    """Build the callable that hides people in a frame."""
    hides = selection.hides(sightings.person_index)
    hidden = HiddenPersons(sightings.take(hides))
    shown = sightings.take(~hides & sightings.has_body)

    def conceal_faces(frame: DecodedFrame, image: Image) -> Image:
        concealed = image.copy()
        _conceal_heads(image, concealed, hidden.heads(frame.timestamp_ms))
        return concealed

    def conceal_people(frame: DecodedFrame, image: Image) -> Image:
        time, concealed = frame.timestamp_ms, image.copy()
        heads = hidden.heads(time)
        _conceal_heads(image, concealed, heads)  # a face may reach beyond the box of its body
        if conceal_bodies(image, concealed, hidden.bodies(time), locate_persons(shown, time)):
            _conceal_heads(image, concealed, heads)
        return concealed

    return conceal_faces if selection.target == "faces" else conceal_people


def conceal_bodies(image: Image, concealed: Image, masks: Masks, shown: PersonPositions) -> bool:
    """Hide people, from the farthest to the nearest; leave others in front of them.

    Whose box ends lower in the picture is nearer. Of a shown person in front of a hidden
    one only the middle stays sharp, where nobody behind can be seen.

    Parameters
    ----------
    image : (h, w, 3) uint8, BGR
        Where colours are taken from.
    concealed : (h, w, 3) uint8, BGR
        Where people are hidden.
    masks : Masks
        Of those to be hidden.
    shown : Placed
        Those to be seen. A box that was filled in is behind everybody.

    Returns
    -------
    bool
        Whether somebody was left in front of a mask.
    """
    is_reopened = False
    ends = np.minimum(np.concatenate([shown.xyxy[:, 3], masks.xyxy[:, 3]]), image.shape[0])
    # Stable: among those that end at one height the shown come first, and the others win.
    for position in np.argsort(ends, kind="stable").tolist():
        if position >= len(shown):
            conceal(image, concealed, masks.xyxy[position - len(shown)], BODY_CELLS)
        elif shown.detected[position]:
            is_reopened |= _reopen(image, concealed, shown.xyxy[position])
    return is_reopened


def conceal(
    image: Image, concealed: Image, xyxy: NDArray[np.float64], cells: tuple[int, int]
) -> None:
    """Reduce a part of an image to a few colours that run into each other.

    Parameters
    ----------
    image : (h, w, 3) uint8
        Where the colours are taken from.
    concealed : (h, w, 3) uint8
        Where they are put.
    xyxy : (4,) float64
        The part, pixels; it may reach beyond the image.
    cells : (columns, rows)
        Colours across and down, at most.
    """
    view = _part(image, xyxy)
    source = image[view]
    if not source.size:
        return
    height, width = source.shape[:2]
    across, down = (
        max(1, min(most, length // MIN_CELL_PIXELS))
        for most, length in zip(cells, (width, height), strict=True)
    )
    few = cv2.resize(source, (across, down), interpolation=cv2.INTER_AREA)
    rounded = few // COLOUR_STEP * COLOUR_STEP + COLOUR_STEP // 2
    concealed[view] = cv2.resize(rounded, (width, height), interpolation=cv2.INTER_LINEAR)


def _conceal_heads(image: Image, concealed: Image, heads: Masks) -> None:
    for xyxy in heads.xyxy:
        conceal(image, concealed, xyxy, HEAD_CELLS)


def _reopen(image: Image, concealed: Image, xyxy: NDArray[np.float64]) -> bool:
    """Show the middle of somebody's box again; return whether that changed anything."""
    view = _part(image, xyxy)
    before, after = concealed[view], image[view]
    core = np.zeros(after.shape[:2], dtype=np.uint8)
    centre = (xyxy[:2] + xyxy[2:]) / 2 - (view[1].start, view[0].start)
    axes = (xyxy[2:] - xyxy[:2]) * CORE
    cv2.ellipse(core, (centre.tolist(), axes.tolist(), 0), 1, cv2.FILLED)
    is_core = core.astype(np.bool_)
    is_changed = bool((before[is_core] != after[is_core]).any())
    before[is_core] = after[is_core]
    return is_changed


def _part(image: Image, xyxy: NDArray[np.float64]) -> tuple[slice, slice]:
    """Slice the rows and columns of the pixels that a box touches."""
    height, width = image.shape[:2]
    limits = np.array([width, height])
    start = np.clip(np.floor(xyxy[:2]), 0, limits).astype(int)
    stop = np.clip(np.ceil(xyxy[2:]), 0, limits).astype(int)
    return slice(start[1], stop[1]), slice(start[0], stop[0])
