"""Fakes for tests and trials: footage, people in it, and detectors that find them."""

from passerby.testing.clips import (
    BOX_COLOURS,
    ClipOptions,
    Image,
    moving_boxes,
    texture,
    write_clip,
    write_sound,
)
from passerby.testing.colour_detector import ColourDetector, HeadFinder
from passerby.testing.faces import frontal_faces
from passerby.testing.scenes import Seen, face_of, faces_of, observations, together, walk

__all__ = [
    "BOX_COLOURS",
    "ClipOptions",
    "ColourDetector",
    "HeadFinder",
    "Image",
    "Seen",
    "face_of",
    "faces_of",
    "frontal_faces",
    "moving_boxes",
    "observations",
    "texture",
    "together",
    "walk",
    "write_clip",
    "write_sound",
]
