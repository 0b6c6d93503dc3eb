"""Temporal: every name, the one way to connect, the live feed."""
