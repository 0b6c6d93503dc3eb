"""The mark of tests that read real recorded YouTube responses."""

import pytest

from fakes.recordings import AVAILABLE, RECORDINGS

needs_recordings = pytest.mark.skipif(not AVAILABLE, reason=f"no recorded YouTube responses in {RECORDINGS}")
