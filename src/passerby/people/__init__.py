"""Detect persons in one image, and describe their appearance."""
