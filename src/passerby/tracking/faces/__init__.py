"""Track faces, and assign them to persons."""
