"""Find the faces of a frame: detect candidates, then check each a second time.

Every candidate is detected again in a closer crop: the backs of heads, which are taken for
faces now and then, are seldom taken for one twice. Last comes the mesh, which is trained to
recognise that there is no face: its flag counts where faces are large enough for it.

The thresholds were found on 1465 candidates from four videos of streets, a square and a
queue, sorted by eye, 2026-11-22. `python -m benchmarks.faces_sheet` shows their effect.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from passerby.boxes import clip, suppress
from passerby.faces.crops import Crop, frame_crop, head_crops, pack_crops
from passerby.faces.detector import EYES, FaceDetector, open_face_detector
from passerby.faces.expression import expression
from passerby.faces.landmarks import landmarks
from passerby.faces.mesh import FaceMesh, open_face_mesh
from passerby.faces.pose import pose
from passerby.faces.quality import quality
from passerby.inference.session import Device, Image, Runtime
from passerby.records import Faces

# IoU above which two candidates are one face.
SAME_FACE = 0.3

# Side of the square of the second detection, in widths of the candidate.
SECOND_CROP = 3.2
# Confidence from which a candidate on a person needs no second detection.
SURE_AT_ONCE = 0.75
# Mean confidence of both detections from which a candidate is a face, if both took it for one.
SURE = 0.53
SURE_SMALL = 0.6  # the same of a small one: backs of heads are taken for those
SURE_WITH_MESH = 0.4  # of a large one that the mesh is certain of, even if seen only once
SURE_WITHOUT_MESH = 0.67  # of a large one that the mesh takes for none

# Limits of the mesh's flag: from the first on, it is certain. Off every person, it must reach
# the second, as walls and bags look like faces from afar. Below the third, there is no face.
CERTAIN_FLAG = 0.85
LEAST_FLAG_ALONE = 0.1
LEAST_FLAG = 0.02

# Widths of faces, pixels. If a face is not large, its flag says little, as it is always low.
SMALL, LARGE = 20, 28


class FaceFinder(Protocol):
    """Finds faces; may be called from several threads at once."""

    @property
    def identity(self) -> str:
        """Everything that determines the result, as a key for stored results."""
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
    """Build the face finder; the networks' files are read at the first image.

    Parameters
    ----------
    runtime, device, concurrency
        As `people.detector.open_detector`.

    Raises
    ------
    ModelError
        If a network or the runtime is missing, or the runtime is not for that device.
    """
    return TwoPassFaceFinder(
        open_face_detector(runtime, device, concurrency),
        open_face_mesh(runtime, device, concurrency),
    )


class Candidate(NamedTuple):
    """A possible face, in pixels of the frame."""

    xyxy: NDArray[np.float32]  # (4,)
    eyes: NDArray[np.float32]  # (2, 2) the left one in the picture first
    confidence: float
    is_on_person: bool

    @property
    def width(self) -> float:
        """Width of the box, pixels."""
        return float(self.xyxy[2] - self.xyxy[0])

    @property
    def middle(self) -> tuple[float, float]:
        """Centre of the box, pixels of the frame."""
        x, y = (self.xyxy[:2] + self.xyxy[2:]).tolist()
        return x / 2, y / 2

    @property
    def is_sure(self) -> bool:
        """Whether the candidate needs no second detection."""
        return self.is_on_person and self.confidence >= SURE_AT_ONCE

    def closer_crop(self) -> Crop:
        """Place the square in which the candidate is detected again."""
        x, y = self.middle
        side = max(1, round(self.width * SECOND_CROP))
        return Crop(round(x - side / 2), round(y - side / 2), side, self.is_on_person)

    def best_confidence_among(self, others: Iterable["Candidate"]) -> float:
        """Return the best confidence of the `others` near this one; 0 where none is near."""
        near = (each for each in others if math.dist(each.middle, self.middle) < self.width / 2)
        return max((each.confidence for each in near), default=0.0)


@dataclass(frozen=True)
class TwoPassFaceFinder:
    """A `FaceFinder` that searches heads close up and the frame from afar, then checks again."""

    detector: FaceDetector
    mesh: FaceMesh

    @property
    def identity(self) -> str:
        """See `FaceFinder`."""
        return f"{self.detector.identity}+{self.mesh.identity}"

    def find(self, image: Image, persons: NDArray[np.float32]) -> Faces:
        """See `FaceFinder`."""
        height, width = image.shape[:2]
        crops = [frame_crop(width, height), *head_crops(clip(persons, width, height))]
        candidates = _drop_duplicates(list(self._candidates(image, crops)))
        second_confidences = self._second_confidences(image, candidates)
        faces = [
            face
            for candidate, confidence in zip(candidates, second_confidences, strict=True)
            if (face := self._face(image, candidate, confidence))
        ]
        faces.sort(key=lambda face: tuple(face.xyxy[0].tolist()))
        return Faces.joined(faces)

    def _candidates(self, image: Image, crops: Sequence[Crop]) -> Iterator[Candidate]:
        for mosaic in pack_crops(crops):
            detected = self.detector.detect(mosaic.render(image))
            for row, confidence in enumerate(detected.confidence.tolist()):
                middle = (detected.xyxy[row, :2] + detected.xyxy[row, 2:]) / 2
                if location := mosaic.locate(middle):
                    crop, begin = location
                    scale = np.float32(crop.side / mosaic.part)
                    origin = np.array([crop.left, crop.top], np.float32) - begin * scale
                    yield Candidate(
                        detected.xyxy[row] * scale + np.tile(origin, 2),
                        detected.keypoints[row, EYES] * scale + origin,
                        confidence,
                        crop.is_person,
                    )

    def _second_confidences(self, image: Image, candidates: Sequence[Candidate]) -> list[float]:
        """Detect each candidate again in a closer crop; 0 where nothing is detected.

        A sure candidate keeps its confidence.
        """
        crops = [each.closer_crop() for each in candidates if not each.is_sure]
        detected = list(self._candidates(image, [crop for crop in crops if crop.intersects(image)]))
        return [
            each.confidence if each.is_sure else each.best_confidence_among(detected)
            for each in candidates
        ]

    def _face(self, image: Image, candidate: Candidate, second_confidence: float) -> Faces | None:
        """Measure a candidate; None if it is no face."""
        if not may_be_face(candidate, second_confidence):
            return None
        mesh = self.mesh.trace(image, candidate.xyxy, candidate.eyes)
        if not is_face(candidate, second_confidence, mesh.flag):
            return None
        return Faces(
            xyxy=candidate.xyxy[None],
            confidence=np.array([max(candidate.confidence, second_confidence)], np.float32),
            landmarks=landmarks(mesh.points)[None],
            pose=pose(mesh.points)[None],
            quality=quality(image, candidate.xyxy)[None],
            expression=expression(mesh.points)[None],
        )


def may_be_face(candidate: Candidate, second_confidence: float) -> bool:
    """Whether `is_face` could hold for some mesh; parameters as there."""
    mean = (candidate.confidence + second_confidence) / 2
    return mean >= _least_mean_confidence(candidate.width, CERTAIN_FLAG)


def is_face(candidate: Candidate, second_confidence: float, flag: float) -> bool:
    """Whether a candidate is a face.

    Parameters
    ----------
    candidate : Candidate
    second_confidence : float
        Confidence of the second detection; 0 where there was none.
    flag : float
        Of the mesh, in [0, 1].
    """
    is_certain = candidate.width >= LARGE and flag >= CERTAIN_FLAG
    if not is_certain and not second_confidence:
        return False
    if not candidate.is_on_person and flag < LEAST_FLAG_ALONE:
        return False
    mean = (candidate.confidence + second_confidence) / 2
    return mean >= _least_mean_confidence(candidate.width, flag)


def _least_mean_confidence(width: float, flag: float) -> float:
    """Least mean confidence of both detections of a face."""
    if width < SMALL:
        return SURE_SMALL
    if width < LARGE or LEAST_FLAG <= flag < CERTAIN_FLAG:
        return SURE
    return SURE_WITHOUT_MESH if flag < LEAST_FLAG else SURE_WITH_MESH


def _drop_duplicates(candidates: list[Candidate]) -> list[Candidate]:
    """Keep only the most confident of the candidates around the same face."""
    if not candidates:
        return []
    ordered = sorted(candidates, key=lambda each: -each.confidence)
    rows = suppress(np.stack([each.xyxy for each in ordered]), SAME_FACE)
    return [ordered[row] for row in rows]
