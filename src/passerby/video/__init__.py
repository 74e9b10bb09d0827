"""Read videos: probe them, cut them into spans, decode and sample their frames."""
