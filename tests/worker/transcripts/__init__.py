"""Tests of what makes one transcript out of many."""
