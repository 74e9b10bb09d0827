"""The outside world: where videos come from."""
