"""Score tracks against ground truth with HOTA, CLEAR MOT and identity metrics."""
