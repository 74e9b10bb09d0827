"""Define a network that is ready to run, whichever runtime computes it.

Every session computes one image at a time for each thread that calls it. So more cores,
or a GPU, mean more images in flight, and the numbers never depend on how many.
"""

from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Runtime = Literal["auto", "onnxruntime", "openvino"]
Device = Literal["cpu", "cuda"]
Image = NDArray[np.uint8]
Outputs = list[NDArray[Any]]


class Session(Protocol):
    """A network ready to run on images of one size."""

    def run(self, image: Image) -> Outputs:
        """Compute the outputs, in the file's order and without their batch axis.

        Parameters
        ----------
        image : (h, w, 3) uint8 array, BGR, of the size that the session was opened for

        Raises
        ------
        ValueError
            If the image has another size.
        """
        ...


def check_size(image: Image, width: int, height: int) -> None:
    """Refuse an image of another size than the session's."""
    if image.shape != (height, width, 3):
        raise ValueError(f"image must have shape {(height, width, 3)}, got {image.shape}")
