"""The surface AWS clients speak to: JSON 1.1 requests in, answers and faults out."""
