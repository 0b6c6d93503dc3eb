"""The settings of the updates of yt-dlp and of the canary: a part of `shared.settings`."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

CANARY_VIDEO = r"^[A-Za-z0-9_-]{11}(:\d{1,6}(:\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?)?$"
CANARY_LIST = r"^[A-Za-z0-9_-]{12,64}$"


class ExtractorSettings(BaseSettings):
    """Which versions of yt-dlp are installed, and which videos and lists show whether YouTube can be read."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    extractor_directory: Path | None = Field(default=None, validation_alias="YOUTUBE_EXTRACTOR_DIRECTORY")
    """Where newer versions of yt-dlp are installed. The launcher's default is `extractor` in `VIDFERRY_HOME`.

    Unset: the bundled version stays. Workers on one machine share it.
    """
    extractor_updates: Literal["off", "stable", "nightly"] = Field(
        default="stable", validation_alias="YOUTUBE_EXTRACTOR_UPDATES"
    )
    """Which versions of yt-dlp are tested and installed by themselves, once a day.

    While YouTube has changed and the version in use no longer works, `stable` takes a nightly build, too. With `off`,
    workers do not ask for the canary either.
    """
    extractor_index: str = Field(default="https://pypi.org/simple", validation_alias="YOUTUBE_EXTRACTOR_INDEX")
    """The Python package index that they come from. It has to support the JSON API (PEP 691)."""
    canary_manual: str = Field(
        default="M4gD1WSo5mA:721:2015-01-28", pattern=CANARY_VIDEO, validation_alias="YOUTUBE_CANARY_MANUAL"
    )
    """A video with manual captions that shows whether YouTube can be read: `ID`, or `ID:SECONDS:DATE` as expected."""
    canary_automatic: str = Field(
        default="KI7fMGRg0Wk:953:2021-03-17", pattern=CANARY_VIDEO, validation_alias="YOUTUBE_CANARY_AUTOMATIC"
    )
    """The same with automatic captions only."""
    canary_kids: str = Field(
        default="it3OtbTxQk0:145:2023-01-13", pattern=CANARY_VIDEO, validation_alias="YOUTUBE_CANARY_KIDS"
    )
    """The same made for kids."""
    canary_playlist: str = Field(
        default="PL8dPuuaLjXtOAKed_MxxWBNaPno5h3Zs8", pattern=CANARY_LIST, validation_alias="YOUTUBE_CANARY_PLAYLIST"
    )
    """A short playlist, for the same purpose."""
    canary_channel: str = Field(
        default="UCTwECeGqMZee77BjdoYtI2Q", pattern=CANARY_LIST, validation_alias="YOUTUBE_CANARY_CHANNEL"
    )
    """A channel, by its id that begins with `UC`."""
