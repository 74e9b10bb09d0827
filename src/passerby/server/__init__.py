"""How an HTTP server listens, and how long its clients may take."""
