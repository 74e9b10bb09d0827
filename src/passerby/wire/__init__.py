"""The service's shapes, and a result put in them."""
