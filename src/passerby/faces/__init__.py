"""Where faces are in one image, and what they tell."""
