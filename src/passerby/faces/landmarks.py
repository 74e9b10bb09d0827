"""Pick the landmarks that the service names out of the mesh.

The rows were chosen by eye and against published answers of the service: the nose is
the foremost point of its tip, and an eye's centre is also its pupil, which the mesh does
not follow.
"""

import numpy as np
from numpy.typing import NDArray

from passerby.records import LANDMARKS

LEFT_EYE = (33, 133, 159, 145)
RIGHT_EYE = (362, 263, 386, 374)

# Landmark → the rows of the mesh whose mean it is.
ROWS = {
    "eyeLeft": LEFT_EYE,
    "eyeRight": RIGHT_EYE,
    "mouthLeft": (61,),
    "mouthRight": (291,),
    "nose": (1,),
    "leftEyeBrowLeft": (70,),
    "leftEyeBrowRight": (107,),
    "leftEyeBrowUp": (105,),
    "rightEyeBrowLeft": (336,),
    "rightEyeBrowRight": (300,),
    "rightEyeBrowUp": (334,),
    "leftEyeLeft": (33,),
    "leftEyeRight": (133,),
    "leftEyeUp": (159,),
    "leftEyeDown": (145,),
    "rightEyeLeft": (362,),
    "rightEyeRight": (263,),
    "rightEyeUp": (386,),
    "rightEyeDown": (374,),
    "noseLeft": (129,),
    "noseRight": (358,),
    "mouthUp": (0,),
    "mouthDown": (17,),
    "leftPupil": LEFT_EYE,
    "rightPupil": RIGHT_EYE,
    "upperJawlineLeft": (234,),
    "midJawlineLeft": (136,),
    "chinBottom": (152,),
    "midJawlineRight": (365,),
    "upperJawlineRight": (454,),
}


def landmarks(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Pick the landmarks out of a mesh.

    Parameters
    ----------
    points : (468, 3) array, see `mesh.Mesh`

    Returns
    -------
    (30, 2) float32 array
        x, y in the pixels of `points`, in the order of `records.LANDMARKS`.
    """
    means = [points[list(ROWS[name]), :2].mean(axis=0) for name in LANDMARKS]
    return np.stack(means).astype(np.float32)
