"""What paths tell: who was where for how long, which way they went, how fast."""
