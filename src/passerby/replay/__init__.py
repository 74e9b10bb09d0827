"""Jobs that end as a script says, with results recorded before: for other people's tests."""
