"""Tests mirror the code: tests/<package>/test_<module>.py."""
