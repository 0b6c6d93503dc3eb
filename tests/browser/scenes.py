"""Every page in every state, played with the running product: for axe, for German, and for the screenshots."""

from tests.browser import batch_scenes, list_scenes, video_scenes
from tests.browser.stage import PHONE_ONLY, SCENES, Props

__all__ = ["PHONE_ONLY", "SCENES", "Props", "batch_scenes", "list_scenes", "video_scenes"]
