"""The request log's figures, in the operator's words."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from services.stack.youtube_requests import figures_finding, recent_figures
from shared.contracts.youtube_requests import Endpoint, RequestRecord, SentRequest
from shared.db.connection import transaction
from shared.db.youtube_requests import RequestFigures, record
from shared.settings import Settings


def test_the_figures_in_a_line() -> None:
    figures = RequestFigures(
        requests=900, per_video=2.14, second_client=0.02, bot_checks=0.0004, gated=0.0, refused=0.004
    )
    assert [str(finding) for finding in figures_finding(figures)] == [
        "✓ YouTube in the last 24 hours: 2.1 requests per video, 2 % of captions from another client, "
        "0.4 bot checks per 1,000 requests, 0 % of caption tracks need a token, 0.4 % of player requests refused."
    ]


async def test_what_is_unknown_is_left_out(engine: AsyncEngine, settings: Settings) -> None:
    assert figures_finding(await recent_figures(settings)) == []
    request = SentRequest(at=datetime.now(UTC), endpoint=Endpoint.BROWSE, milliseconds=1)
    async with transaction(engine) as connection:
        await record(connection, [RequestRecord(request)], yt_dlp_version="1", worker="me")
    (finding,) = figures_finding(await recent_figures(settings))
    assert finding.text == "YouTube in the last 24 hours: 0.0 bot checks per 1,000 requests."
