"""Send requests to other machines: exactly as they are written, and each within a total time."""
