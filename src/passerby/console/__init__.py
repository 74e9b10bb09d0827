"""The web console: the pages below `/console`."""
