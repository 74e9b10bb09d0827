"""From detections to persons: arrays in, arrays out, no pixels.

`stabilise` takes the camera's own motion out, `unison` finds that motion where there are
no pixels to tell it, `association` continues tracks from frame to frame, `agreement`
keeps the links that hold in both directions of time, `appearance_embeddings` learns from the
video how alike tracklets look, `borders` tells who reaches the picture's border,
`stitching` joins tracklets within a shot, `reunion` persons across cuts, `persons`
drops ghosts and numbers who is left, `smoothing` draws the course of each.

`face_tracks` follows faces in the same way, `heads` weighs which of them sits on whose
shoulders, `owners` cuts their tracks where they pass from one person to another, and
`pairing` gives each to one person and joins the paths that a face shows to be one.
"""
