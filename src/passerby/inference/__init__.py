"""How a network runs: its weights, and a runtime behind one small protocol."""
