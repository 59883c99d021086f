"""Handlers: each builds a value, calls a service, renders the outcome."""
