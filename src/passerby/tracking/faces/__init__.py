"""Faces in time: which belong together, and whose they are."""
