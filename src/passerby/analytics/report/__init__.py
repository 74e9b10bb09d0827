"""The report: one HTML page, its pictures and tables."""
