"""Run networks: their weights, and the runtimes behind one small protocol."""
