"""What a video file holds: probed, cut into spans, decoded, sampled; pixels and times."""
