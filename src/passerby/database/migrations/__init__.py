"""The steps that bring a job database from any earlier form to today's."""
