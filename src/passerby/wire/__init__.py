"""The shapes of the service, and results put into them."""
