"""Processes of this machine: their limits, low priority, and child processes."""
