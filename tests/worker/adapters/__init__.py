"""Tests of the adapters: the real libraries against the fake YouTube and against recorded answers."""
