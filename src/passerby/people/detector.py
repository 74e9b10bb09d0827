"""Detect the persons in an image: the protocol, and the detector that ships."""

from functools import partial
from typing import Protocol

import numpy as np

from passerby.errors import ModelError
from passerby.inference import weights
from passerby.inference.execution import choose_execution
from passerby.inference.session import Device, Image, Runtime
from passerby.people.nanodet import NanoDetDetector
from passerby.records import Detections

SHIPPED_NETWORK = "nanodet-g"


class Detector(Protocol):
    """Detects persons; may be called from several threads at once."""

    @property
    def identity(self) -> str:
        """Everything that determines the result, as a key for stored results."""
        ...

    def detect(self, image: Image) -> Detections:
        """Detect the persons in one image.

        Parameters
        ----------
        image : (h, w, 3) uint8 array, BGR, h and w multiples of 32
            The frame, stretched to a size that `input_size` gives.

        Returns
        -------
        Detections
            In pixels of `image`, best first; a box may reach beyond its border.
        """
        ...


def open_detector(
    name: str = SHIPPED_NETWORK,
    runtime: Runtime = "auto",
    device: Device = "cpu",
    concurrency: int = 1,
) -> Detector:
    """Build the detector of the network `name`; its file is read at the first image.

    Parameters
    ----------
    name : str
        Name of a network that ships.
    runtime : "auto", "onnxruntime" or "openvino"
        What computes it; "auto" takes the fastest here.
    device : "cpu" or "cuda"
        Where it is computed.
    concurrency : int
        Images that may be in flight at the same time, one thread each.

    Raises
    ------
    ModelError
        If there is no such network, its family is unknown, or the runtime is missing or
        not for that device.
    """
    found = weights.find(name)
    if found.family != "nanodet":
        raise ModelError(f"The network {name!r} is of the unknown family {found.family!r}.")
    execution = choose_execution(found, runtime, device)
    return NanoDetDetector(
        f"{execution.identity}/{found.logit_shift:+g}",
        partial(execution.open_session, concurrency=concurrency),
        found.logit_shift,
    )


def scaled(
    detections: Detections, from_size: tuple[int, int], to_size: tuple[int, int]
) -> Detections:
    """Convert boxes of an image to those of the same image stretched to another size.

    Parameters
    ----------
    detections : Detections
        In pixels of the image of `from_size`.
    from_size, to_size : (width, height), pixels

    Examples
    --------
    >>> one = Detections(np.float32([[10, 20, 30, 40]]), np.float32([0.9]))
    >>> scaled(one, (320, 160), (640, 480)).xyxy
    array([[ 20.,  60.,  60., 120.]], dtype=float32)
    """
    ratio = np.divide(to_size, from_size, dtype=np.float32)
    return Detections(detections.xyxy * np.tile(ratio, 2), detections.confidence)
