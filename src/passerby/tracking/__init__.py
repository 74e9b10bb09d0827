"""Link detections to persons: arrays in, arrays out, no pixels.

`stabilisation` removes the camera's motion, `track_motion` estimates it where there are no
pixels, `association` continues tracks from frame to frame with the filters of `kalman`,
`bidirectional` keeps the links that hold in both directions of time, `appearance` learns
from the video how similar tracklets look, `borders` finds boxes at the picture's border,
`stitching` joins tracklets within a shot to shot tracks, `reidentification` joins those
across cuts, `smoothing` fits the course of each person, and `finalise` drops ghosts and
numbers the persons. `faces` does the same for faces and assigns them to persons.
"""
