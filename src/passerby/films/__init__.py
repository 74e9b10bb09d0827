"""What is drawn: films, portraits, contact sheets."""
