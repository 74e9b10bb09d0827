"""The faces of a frame: what may be one, and which of those are kept.

Whatever may be a face is looked at a second time, closer: the backs of heads, which are
taken for faces now and then, are seldom taken for one twice. Last, the mesh, trained to
tell where it was given no face, has a say where faces are large enough for it to be right.

The numbers were found on 1465 candidates from four videos of streets, a square and a
queue, sorted by eye, 2026-11-22. `python -m benchmarks.faces_sheet` shows what they keep.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from passerby.boxes import clip, suppress
from passerby.faces.detector import EYES, FaceDetector, open_face_detector
from passerby.faces.expression import expression
from passerby.faces.landmarks import landmarks
from passerby.faces.mesh import FaceMesh, open_face_mesh
from passerby.faces.pose import pose
from passerby.faces.quality import quality
from passerby.faces.views import View, frame_view, head_views, sheets
from passerby.inference.session import Device, Image, Runtime
from passerby.records import Faces

# IoU above which two candidates are one face.
SAME_FACE = 0.3

# Side of the square of the second look, in widths of the candidate.
SECOND_VIEW = 3.2
# Confidence from which a candidate on a person needs no second look.
SURE_AT_ONCE = 0.75
# Mean confidence of both looks from which a candidate is a face, if both took it for one.
SURE = 0.53
SURE_SMALL = 0.6  # the same of a small one: backs of heads are taken for those
SURE_WITH_MESH = 0.4  # of a large one that the mesh is certain of, even if seen only once
SURE_WITHOUT_MESH = 0.67  # of a large one that the mesh takes for none

# The mesh's flag: from where on it is certain; what it must reach off every person, as
# walls and bags look like faces from afar; and below which it takes a thing for no face.
CERTAIN_FLAG = 0.85
LEAST_FLAG_ALONE = 0.1
LEAST_FLAG = 0.02

# Widths of faces, pixels. Of one that is not large the flag says little, it is low anyhow.
SMALL, LARGE = 20, 28


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


def open_face_finder(
    runtime: Runtime = "auto", device: Device = "cpu", concurrency: int = 1
) -> FaceFinder:
    """Build what finds faces; the networks' files are read at the first image.

    Parameters
    ----------
    runtime, device, concurrency
        As `people.detector.open_detector`.

    Raises
    ------
    ModelError
        If a network or the runtime is missing, or the runtime is not for that device.
    """
    return CloseFaceFinder(
        open_face_detector(runtime, device, concurrency),
        open_face_mesh(runtime, device, concurrency),
    )


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

    @property
    def is_sure(self) -> bool:
        """Whether it needs no second look."""
        return self.is_on_person and self.confidence >= SURE_AT_ONCE

    def closer(self) -> View:
        """The square in which it is looked at again."""
        x, y = self.middle
        side = max(1, round(self.width * SECOND_VIEW))
        return View(round(x - side / 2), round(y - side / 2), side, self.is_on_person)

    def sureness_among(self, seen: Iterable["Candidate"]) -> float:
        """The most that any of `seen` gives for it; 0 where none is near."""
        near = (each for each in seen if math.dist(each.middle, self.middle) < self.width / 2)
        return max((each.confidence for each in near), default=0.0)


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
        candidates = _distinct(list(self._candidates(image, views)))
        again = self._second_looks(image, candidates)
        found = [
            face
            for candidate, confidence in zip(candidates, again, strict=True)
            if (face := self._face(image, candidate, confidence))
        ]
        found.sort(key=lambda face: tuple(face.xyxy[0].tolist()))
        return Faces.joined(found)

    def _candidates(self, image: Image, views: Sequence[View]) -> Iterator[Candidate]:
        for sheet in sheets(views):
            seen = self.detector.detect(sheet.picture(image))
            for row, confidence in enumerate(seen.confidence.tolist()):
                middle = (seen.xyxy[row, :2] + seen.xyxy[row, 2:]) / 2
                if place := sheet.place(middle):
                    view, begin = place
                    scale = np.float32(view.side / sheet.part)
                    origin = np.array([view.left, view.top], np.float32) - begin * scale
                    yield Candidate(
                        seen.xyxy[row] * scale + np.tile(origin, 2),
                        seen.keypoints[row, EYES] * scale + origin,
                        confidence,
                        view.is_person,
                    )

    def _second_looks(self, image: Image, candidates: Sequence[Candidate]) -> list[float]:
        """How sure the detector is when it looks closer at each; 0 where it sees none.

        A candidate that was seen surely is taken to be seen so again.
        """
        views = [each.closer() for each in candidates if not each.is_sure]
        seen = list(self._candidates(image, [view for view in views if view.meets(image)]))
        return [
            each.confidence if each.is_sure else each.sureness_among(seen) for each in candidates
        ]

    def _face(self, image: Image, candidate: Candidate, again: float) -> Faces | None:
        """The candidate with all that can be said of it; None if it is no face."""
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


def may_be_face(candidate: Candidate, again: float) -> bool:
    """Whether `is_face` could hold, whatever the mesh says; parameters as there."""
    sureness = (candidate.confidence + again) / 2
    return sureness >= _least_sureness(candidate.width, CERTAIN_FLAG)


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
    is_certain = candidate.width >= LARGE and flag >= CERTAIN_FLAG
    if not is_certain and not again:
        return False
    if not candidate.is_on_person and flag < LEAST_FLAG_ALONE:
        return False
    return (candidate.confidence + again) / 2 >= _least_sureness(candidate.width, flag)


def _least_sureness(width: float, flag: float) -> float:
    """Mean confidence of both looks that makes a face of a candidate."""
    if width < SMALL:
        return SURE_SMALL
    if width < LARGE or LEAST_FLAG <= flag < CERTAIN_FLAG:
        return SURE
    return SURE_WITHOUT_MESH if flag < LEAST_FLAG else SURE_WITH_MESH


def _distinct(candidates: list[Candidate]) -> list[Candidate]:
    """Of candidates around the same face only the surest."""
    if not candidates:
        return []
    ordered = sorted(candidates, key=lambda each: -each.confidence)
    kept = suppress(np.stack([each.xyxy for each in ordered]), SAME_FACE)
    return [ordered[row] for row in kept]
