"""Where persons are in one image."""
