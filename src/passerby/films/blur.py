"""A copy of the video in which people are unrecognisable.

A privacy tool errs towards too much: boxes are grown, people are masked for seconds
before they are first seen and after they are last seen, frames that nobody could look at
are masked whole, and where somebody to be hidden and somebody to be shown overlap, hiding
wins unless the other clearly stands in front. It can only hide whom the analysis found, and
the sound stays: look at a film, and listen to it, before handing it on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.films.blur_selection import BlurSelection
from passerby.films.film import EditFrame, edit_by_size, write_film
from passerby.films.masks import HOLD_MS, HiddenPersons, Masks
from passerby.films.placement import PersonPositions, Size, locate_persons, scaled
from passerby.films.progress import ProgressCallback
from passerby.records import Sightings, VideoInfo
from passerby.video.decode import DecodedFrame, Image
from passerby.video.probe import probe

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

# A frame that is so much later than the video was told to end, and than anybody was seen and is
# hidden, is not one of those that were analysed.
BEYOND_END_MS = 1000


def write_blurred(
    source: str,
    sightings: Sightings,
    target: Path,
    selection: BlurSelection,
    on_progress: ProgressCallback | None = None,
    video: VideoInfo | None = None,
) -> int:
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
    video : VideoInfo, optional
        The video as it was when it was analysed: the sightings are in pixels of it, and
        frames beyond its end are hidden whole.

    Returns
    -------
    int
        Number of frames on which somebody, or all, is hidden.

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
    told = video or probe(source)
    editor = _Editor(sightings, selection, (told.width, told.height), video)
    write_film(
        source,
        target,
        edit_by_size(editor.edit_at),
        on_progress=on_progress,
        edit_damaged=editor.conceal_all,
    )
    return editor.hidden_frames


@dataclass
class _Editor:
    """Hides people in the frames of a film, one after the other."""

    sightings: Sightings
    selection: BlurSelection
    told_size: Size  # in which the sightings are
    video: VideoInfo | None
    hidden_frames: int = 0
    _first_ms: int | None = field(default=None, init=False)

    def edit_at(self, size: Size) -> EditFrame:
        """Build the callable that hides people in images of one size."""
        placed = scaled(self.sightings, self.told_size, size)
        hides = self.selection.hides(placed.person_index)
        hidden = HiddenPersons(placed.take(hides), size)
        shown = placed.take(~hides & placed.has_body)
        conceal_some = _conceal_heads if self.selection.target == "faces" else _conceal_people
        return partial(self._edit, partial(conceal_some, hidden, shown))

    def conceal_all(self, image: Image) -> Image:
        """Hide a whole picture as if it were one person."""
        self.hidden_frames += 1
        concealed = image.copy()
        height, width = image.shape[:2]
        conceal(image, concealed, np.array([0.0, 0, width, height]), BODY_CELLS)
        return concealed

    def _edit(self, conceal_some: "_ConcealSome", frame: DecodedFrame, image: Image) -> Image:
        if self._is_beyond_end(frame.timestamp_ms):
            return self.conceal_all(image)
        concealed = image.copy()
        self.hidden_frames += conceal_some(image, concealed, frame.timestamp_ms)
        return concealed

    def _is_beyond_end(self, timestamp_ms: int) -> bool:
        """Tell whether a frame comes after all that was analysed."""
        if self._first_ms is None:
            self._first_ms = timestamp_ms
        if self.video is None:
            return False
        told_ms = max(self._first_ms, 0) + self.video.duration_ms
        seen_ms = int(self.sightings.timestamp_ms.max(initial=0)) + HOLD_MS
        return timestamp_ms > max(told_ms, seen_ms) + BEYOND_END_MS


# Hides people in the second image by colours of the first; tells whether anybody was hidden.
_ConcealSome = Callable[[Image, Image, int], bool]


def _conceal_heads(
    hidden: HiddenPersons, _: Sightings, image: Image, concealed: Image, timestamp_ms: int
) -> bool:
    heads = hidden.heads(timestamp_ms)
    _conceal_masks(image, concealed, heads)
    return len(heads) > 0


def _conceal_people(
    hidden: HiddenPersons, shown: Sightings, image: Image, concealed: Image, timestamp_ms: int
) -> bool:
    heads, bodies = hidden.heads(timestamp_ms), hidden.bodies(timestamp_ms)
    _conceal_masks(image, concealed, heads)  # a face may reach beyond the box of its body
    if conceal_bodies(image, concealed, bodies, locate_persons(shown, timestamp_ms)):
        _conceal_masks(image, concealed, heads)
    return len(bodies) > 0


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


def _conceal_masks(image: Image, concealed: Image, heads: Masks) -> None:
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
