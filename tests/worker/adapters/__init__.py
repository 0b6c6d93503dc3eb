"""Tests of the adapters: the real libraries against the stand-in and against recorded answers."""
