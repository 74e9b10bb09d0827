"""Processes of this machine: what they may take, low priority, one-off children."""
