"""Results as tables that other programs read, and the registry of all export formats."""
