"""Results of jobs: tables, pages, timelines."""
