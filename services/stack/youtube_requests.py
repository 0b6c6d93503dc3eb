"""What the log of requests to YouTube says about the last 24 hours, in words for the operator."""

import asyncio

from services.stack.findings import Finding, FindingCode, ok
from services.stack.probes import TIMEOUT_SECONDS
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.db.youtube_requests import RequestFigures, request_figures
from shared.settings import Settings


async def recent_figures(settings: Settings) -> RequestFigures:
    """Read the figures. Raises what the database raises, TimeoutError when it does not answer."""
    engine = create_engine(settings, pool_size=1)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS), transaction(engine) as connection:
            return await request_figures(connection)
    finally:
        await engine.dispose()


def figures_finding(figures: RequestFigures) -> list[Finding]:
    """The figures in a line; nothing without requests. What is unknown is left out."""
    parts = [
        None if figures.per_video is None else f"{figures.per_video:.1f} requests per video",
        None if figures.second_client is None else f"{_percent(figures.second_client)} of captions from another client",
        None if figures.bot_checks is None else f"{figures.bot_checks * 1000:.1f} bot checks per 1,000 requests",
        None if figures.gated is None else f"{_percent(figures.gated)} of caption tracks need a token",
        None if figures.refused is None else f"{_percent(figures.refused)} of player requests refused",
    ]
    if not figures.requests:
        return []
    text = f"YouTube in the last 24 hours: {', '.join(part for part in parts if part)}."
    return [ok(FindingCode.YOUTUBE_REQUESTS, text)]


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %" if 0 < share < 0.01 else f"{share:.0%}".replace("%", " %")
