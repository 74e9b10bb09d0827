"""Stub server for tests of client programs: the API with recorded results."""
