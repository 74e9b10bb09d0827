"""Finished results: tables, pages, timelines."""
