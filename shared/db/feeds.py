"""The feeds of followed playlists and channels: asked once for all who follow them, and paused together."""

from datetime import datetime, timedelta

from shared.db.connection import AsyncpgConnection
from shared.youtube.following import FEED_INTERVAL, FEED_PAUSE, FeedAnswer

# A time that is still to come was written by a clock that has been set right since.
_MAY_BE_ASKED = """
    SELECT NOT EXISTS (SELECT FROM feeds WHERE paused_until > now() AND paused_until <= now() + $3::interval)
       AND NOT EXISTS (SELECT FROM feeds WHERE feed_id = $1 AND asked_at > now() - $2::interval AND asked_at <= now())
    """
_ANSWERED = """
    INSERT INTO feeds (feed_id, asked_at, answered_at, youtube_ids) VALUES ($1, now(), now(), $2)
    ON CONFLICT (feed_id) DO UPDATE
    SET asked_at = now(), answered_at = now(), youtube_ids = excluded.youtube_ids, paused_until = NULL
    """
_SILENT = """
    INSERT INTO feeds (feed_id, asked_at, paused_until) VALUES ($1, now(), now() + $2::interval)
    ON CONFLICT (feed_id) DO UPDATE SET asked_at = now(), paused_until = excluded.paused_until
    """
_LAST_ANSWER = "SELECT answered_at, youtube_ids FROM feeds WHERE feed_id = $1 AND answered_at IS NOT NULL"
# The pause of all feeds is in the row of the one that was refused.
_FORGET = """
    DELETE FROM feeds f
    WHERE NOT EXISTS (SELECT FROM subscriptions s WHERE s.feed_id = f.feed_id)
      AND (paused_until IS NULL OR paused_until <= now())
    """
MAX_PAUSE = timedelta(days=1)


async def may_be_asked(connection: AsyncpgConnection, feed_id: str) -> bool:
    """Whether the feed was not asked a moment ago, and YouTube does not refuse feeds."""
    return bool(await connection.fetchval(_MAY_BE_ASKED, feed_id, FEED_INTERVAL, MAX_PAUSE))


async def save_answer(connection: AsyncpgConnection, feed_id: str, youtube_ids: list[str]) -> None:
    """Save what the feed shows now."""
    await connection.execute(_ANSWERED, feed_id, youtube_ids)


async def save_silence(connection: AsyncpgConnection, feed_id: str) -> None:
    """Record that the feed was asked and said nothing."""
    await connection.execute(_SILENT, feed_id, None)


async def save_refusal(connection: AsyncpgConnection, feed_id: str, retry_after_seconds: float | None) -> datetime:
    """Pause all feeds; returns until when."""
    pause = max(FEED_PAUSE, timedelta(seconds=retry_after_seconds or 0))
    paused_until: datetime = await connection.fetchval(f"{_SILENT} RETURNING paused_until", feed_id, pause)
    return paused_until


async def last_answer(connection: AsyncpgConnection, feed_id: str | None) -> FeedAnswer | None:
    """The last answer of a feed; None: there was none."""
    row = await connection.fetchrow(_LAST_ANSWER, feed_id)
    return FeedAnswer(row["answered_at"], row["youtube_ids"]) if row else None


async def forget_unfollowed(connection: AsyncpgConnection) -> None:
    """Delete the rows of feeds that nobody follows, unless feeds are paused because of one."""
    await connection.execute(_FORGET)
