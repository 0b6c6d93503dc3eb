"""Tests of the database queries, on a real PostgreSQL."""
