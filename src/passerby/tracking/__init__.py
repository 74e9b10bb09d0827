"""From detections to persons: arrays in, arrays out, no pixels.

`steady` takes the camera's own motion out, `association` continues tracks from
frame to frame, `stitching` joins their pieces over the whole video, `smoothing`
draws the final course of each person and fills its gaps.
"""
