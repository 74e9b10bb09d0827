"""From detections to persons: arrays in, arrays out, no pixels.

`steady` takes the camera's own motion out, `association` continues tracks from
frame to frame, `agreement` keeps the links that hold in both directions of time,
`resemblance` learns from the video how alike tracklets look, `borders` tells who
reaches the picture's border, `stitching` joins tracklets over the whole video,
`persons` drops ghosts and numbers who is left, `smoothing` draws the course of each.
"""
