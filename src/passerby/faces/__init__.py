"""Find the faces in one image and measure their pose, quality and expression."""
