"""Videos and pictures made from a result: films, portraits, contact sheets."""
