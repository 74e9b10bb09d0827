"""Where parts are built from the settings and joined; nothing else wires."""
