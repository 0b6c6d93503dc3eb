"""Real recorded YouTube responses, read at run time where they are present; none of them is part of the project.

They lie in `../shared/youtube_recordings` beside the repository, or where VIDFERRY_RECORDINGS says.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

_BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[2] / "shared" / "youtube_recordings"
RECORDINGS = Path(os.environ.get("VIDFERRY_RECORDINGS", _BESIDE_THE_REPOSITORY))

AVAILABLE = (RECORDINGS / "index.json").is_file()
"""Whether there are any."""


@cache
def read_json(name: str) -> Any:
    """The JSON file `name`, relative to the recordings; treat it as read-only."""
    return json.loads((RECORDINGS / name).read_text(encoding="utf-8"))


def index() -> dict[str, Any]:
    """Which file holds what: `videos`, `browse`, `continuation`, `resolve_url`, `pages`, `timedtext_samples`."""
    found: dict[str, Any] = read_json("index.json")
    return found


def expected() -> dict[str, Any]:
    """What the real libraries returned for each recorded video (`videos`) and list (`tabs`)."""
    found: dict[str, Any] = read_json("expected.json")
    return found


def page(name: str) -> str:
    """The body of an error page that fits any video, such as `recaptcha_429` or `player.bot_check`."""
    path: str = index()["pages"][name]["file"]
    return (RECORDINGS / path).read_text(encoding="utf-8")
