"""Where in a frame faces are looked for, and which of those found are kept.

A face is small beside a person: it is looked for close up, in the upper part of each
person, and once more from afar, in the whole frame, where a head may fill the picture
without a body to be seen. Whatever may be a face is then looked at a second time, in a
picture of its own: the backs of heads, which are taken for faces now and then, are
seldom taken for one twice. Last, the mesh, trained to tell where it was given no face,
has a say where faces are large enough for it to be right.

The numbers were found on 1465 candidates from four videos of streets, a square and a
queue, sorted by eye, 2026-11-22. `python -m benchmarks.faces_sheet` shows what they keep.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.boxes import clip
from passerby.faces.detector import EYES, SIDE, FaceDetector, open_face_detector
from passerby.faces.expression import expression
from passerby.faces.landmarks import landmarks
from passerby.faces.mesh import FaceMesh, open_face_mesh
from passerby.faces.pose import pose
from passerby.faces.quality import quality
from passerby.inference.session import Image, Runtime
from passerby.records import Faces
from passerby.suppression import suppress

# The square around a person's head, in widths and heights of the body's box: it holds
# the head in any usual pose, and little else.
VIEW_WIDTH, VIEW_HEIGHT = 1.1, 0.42
VIEW_ABOVE = 0.08  # of the height, over the top of the box

# Side of the smallest such square, pixels: a face is a third of it, and one of less than
# 16 pixels says little.
LEAST_HEAD_VIEW = 48

# Views that share so much of their area (IoU) show the same.
SAME_VIEW = 0.7

# IoU above which two candidates are one face.
SAME_FACE = 0.3

# Side of the picture of the second look, in widths of the candidate.
SECOND_VIEW = 3.2
# Confidence from which a candidate on a person needs no second look.
SURE_AT_ONCE = 0.75
# Mean confidence of both looks from which a candidate is a face, if both took it for one.
SURE = 0.53
SURE_WITHOUT_MESH = 0.67  # the same of a large one that the mesh takes for none

# The mesh's flag. From `CERTAIN_FLAG` a large face is one, whatever the detector says. Off
# every person it must agree, as walls and bags look like faces from afar.
CERTAIN_FLAG = 0.85
LEAST_FLAG_ALONE = 0.1
LEAST_FLAG = 0.02
# Width of a large face, pixels: of smaller ones the flag says little, it is low anyhow.
LARGE = 28


class FaceFinder(Protocol):
    """Finds faces; may be called from several threads at once."""

    @property
    def identity(self) -> str:
        """All that decides on the answers, as a key for stored results."""
        ...

    def find(self, image: Image, persons: NDArray[np.float32]) -> Faces:
        """Find the faces in one frame.

        Parameters
        ----------
        image : (h, w, 3) uint8 array, BGR
            The frame at its own size.
        persons : (N, 4) array
            Boxes of the persons in it, pixels.

        Returns
        -------
        Faces
            From left to right; a face may reach beyond the frame.
        """
        ...


def open_face_finder(runtime: Runtime = "auto", concurrency: int = 1) -> FaceFinder:
    """Build what finds faces; the networks' files are read at the first image.

    Parameters
    ----------
    runtime, concurrency
        As `people.detector.open_detector`.

    Raises
    ------
    ModelError
        If a network or the runtime is missing.
    """
    return CloseFaceFinder(
        open_face_detector(runtime, concurrency), open_face_mesh(runtime, concurrency)
    )


class View(NamedTuple):
    """A square of the frame that is looked at, whole pixels; it may reach beyond the border."""

    left: int
    top: int
    side: int
    is_person: bool  # the head of a person; else the whole frame

    @property
    def middle(self) -> tuple[float, float]:
        """Centre, pixels of the frame."""
        return self.left + self.side / 2, self.top + self.side / 2

    def meets(self, image: Image) -> bool:
        """Whether any pixel of `image` is in it."""
        height, width = image.shape[:2]
        reaches_in = -self.side < self.left < width and -self.side < self.top < height
        return bool(reaches_in)


class Candidate(NamedTuple):
    """What may be a face, in pixels of the frame."""

    xyxy: NDArray[np.float32]  # (4,)
    eyes: NDArray[np.float32]  # (2, 2) the left one in the picture first
    confidence: float
    is_on_person: bool

    @property
    def width(self) -> float:
        """Of the box, pixels."""
        return float(self.xyxy[2] - self.xyxy[0])

    @property
    def middle(self) -> tuple[float, float]:
        """Centre of the box, pixels of the frame."""
        x, y = (self.xyxy[:2] + self.xyxy[2:]).tolist()
        return x / 2, y / 2


@dataclass(frozen=True)
class CloseFaceFinder:
    """Looks at heads close up, and at the frame from afar."""

    detector: FaceDetector
    mesh: FaceMesh

    @property
    def identity(self) -> str:
        """See `FaceFinder`."""
        return f"{self.detector.identity}+{self.mesh.identity}"

    def find(self, image: Image, persons: NDArray[np.float32]) -> Faces:
        """See `FaceFinder`."""
        height, width = image.shape[:2]
        views = [frame_view(width, height), *head_views(clip(persons, width, height))]
        candidates = [found for view in views for found in self._candidates(image, view)]
        found = [face for each in _distinct(candidates) if (face := self._face(image, each))]
        found.sort(key=lambda face: tuple(face.xyxy[0].tolist()))
        return Faces.joined(found)

    def _candidates(self, image: Image, view: View) -> Iterator[Candidate]:
        seen = self.detector.detect(cut_out(image, view))
        scale = np.float32(view.side / SIDE)
        origin = np.array([view.left, view.top], np.float32)
        for row, confidence in enumerate(seen.confidence.tolist()):
            yield Candidate(
                seen.xyxy[row] * scale + np.tile(origin, 2),
                seen.keypoints[row, EYES] * scale + origin,
                confidence,
                view.is_person,
            )

    def _face(self, image: Image, candidate: Candidate) -> Faces | None:
        """The candidate with all that can be said of it; None if it is no face."""
        again = self._second_look(image, candidate)
        if not may_be_face(candidate, again):
            return None
        mesh = self.mesh.trace(image, candidate.xyxy, candidate.eyes)
        if not is_face(candidate, again, mesh.flag):
            return None
        return Faces(
            xyxy=candidate.xyxy[None],
            confidence=np.array([max(candidate.confidence, again)], np.float32),
            landmarks=landmarks(mesh.points)[None],
            pose=pose(mesh.points)[None],
            quality=quality(image, candidate.xyxy)[None],
            expression=expression(mesh.points)[None],
        )

    def _second_look(self, image: Image, candidate: Candidate) -> float:
        """How sure the detector is when the candidate fills a picture; 0 where it sees none.

        A candidate that was seen surely is taken to be seen so again.
        """
        if candidate.is_on_person and candidate.confidence >= SURE_AT_ONCE:
            return candidate.confidence
        width, (x, y) = candidate.width, candidate.middle
        side = max(1, round(width * SECOND_VIEW))
        view = View(round(x - side / 2), round(y - side / 2), side, candidate.is_on_person)
        if not view.meets(image):
            return 0.0
        seen = self._candidates(image, view)
        near = (each for each in seen if math.dist(each.middle, (x, y)) < width / 2)
        return max((each.confidence for each in near), default=0.0)


def may_be_face(candidate: Candidate, again: float) -> bool:
    """Whether `is_face` could hold, whatever the mesh says; parameters as there."""
    return candidate.width >= LARGE or (candidate.confidence + again) / 2 >= SURE


def is_face(candidate: Candidate, again: float, flag: float) -> bool:
    """Whether a candidate is a face.

    Parameters
    ----------
    candidate : Candidate
    again : float
        Confidence of the second look; 0 where it saw none.
    flag : float
        Of the mesh, in [0, 1].
    """
    is_large = candidate.width >= LARGE
    if is_large and flag >= CERTAIN_FLAG:
        return True
    if not again or (not candidate.is_on_person and flag < LEAST_FLAG_ALONE):
        return False
    is_doubted = is_large and flag < LEAST_FLAG
    least = SURE_WITHOUT_MESH if is_doubted else SURE
    return (candidate.confidence + again) / 2 >= least


def head_views(persons: NDArray[np.float32]) -> list[View]:
    """Squares around the heads of `persons` (N, 4), those that show the same only once."""
    size = persons[:, 2:] - persons[:, :2]
    side = np.maximum(VIEW_WIDTH * size[:, 0], VIEW_HEIGHT * size[:, 1])
    left = (persons[:, 0] + persons[:, 2] - side) / 2
    top = persons[:, 1] - VIEW_ABOVE * size[:, 1]
    largest = np.argsort(-side, kind="stable")
    largest = largest[side[largest] >= LEAST_HEAD_VIEW]
    squares = np.stack([left, top, left + side, top + side], axis=1)[largest]
    kept = np.rint(squares[suppress(squares, SAME_VIEW)]).astype(int).tolist()
    return [View(x, y, right - x, is_person=True) for x, y, right, _ in kept]


def frame_view(width: int, height: int) -> View:
    """The square around the whole frame."""
    side = max(width, height)
    return View((width - side) // 2, (height - side) // 2, side, is_person=False)


def cut_out(image: Image, view: View) -> Image:
    """(SIDE, SIDE, 3) what the view shows; black beyond the frame's border."""
    height, width = image.shape[:2]
    low = np.maximum([view.left, view.top], 0)
    high = np.minimum([view.left + view.side, view.top + view.side], [width, height])
    corner = np.array([view.left, view.top])
    (left, top), (right, bottom) = low.tolist(), high.tolist()
    # Where that part of the frame lies in the picture; at least a pixel of it is shown.
    shown = np.rint(np.stack([low - corner, high - corner]) * (SIDE / view.side)).astype(int)
    (x, y), (x_end, y_end) = np.minimum(shown[0], SIDE - 1).tolist(), shown[1].tolist()
    size = (max(x_end - x, 1), max(y_end - y, 1))
    how = cv2.INTER_AREA if view.side > SIDE else cv2.INTER_LINEAR
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[y : y + size[1], x : x + size[0]] = cv2.resize(
        image[top:bottom, left:right], size, interpolation=how
    )
    return picture


def _distinct(candidates: list[Candidate]) -> list[Candidate]:
    """Of candidates around the same face only the surest."""
    if not candidates:
        return []
    ordered = sorted(candidates, key=lambda each: -each.confidence)
    kept = suppress(np.stack([each.xyxy for each in ordered]), SAME_FACE)
    return [ordered[row] for row in kept]
