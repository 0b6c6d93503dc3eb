"""Types that the schemas of several features share."""

from typing import Annotated

from pydantic import AfterValidator, Field

Seconds = Annotated[float, AfterValidator(lambda seconds: round(seconds, 3))]
"""Rounded to milliseconds: audio is cut no finer."""
Usd = Annotated[float, AfterValidator(lambda usd: round(usd, 4))]
"""US dollars, rounded to a hundredth of a cent."""
YoutubeIdOutput = Annotated[str, Field(description="YouTube's id of the video.", examples=["Q7mZ2k-x9Lw"])]
NextCursor = Annotated[
    str | None,
    Field(description="Cursor of the next page; null on the last page.", examples=["AAY1vL3GgAC3yaDeL1FKPI9Xbx8OXZpC"]),
]
