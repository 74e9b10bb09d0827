"""The API for AWS clients: JSON 1.1 requests in, answers and faults out."""
