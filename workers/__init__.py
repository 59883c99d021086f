"""Processes that generate answers and build knowledge releases: they need Redis and an engine, never the database."""
