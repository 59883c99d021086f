"""Bounded, local measurements (``make bench-…``); never part of the tests."""
