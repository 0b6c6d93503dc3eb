"""Lists and videos as the API would have written them."""

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid4

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from shared.contracts.messages import FeedItem, ImportProgress
from shared.contracts.youtube import thumbnail_url
from shared.db.events import changed_events_sql, events_since, feed_item
from shared.db.models import LOCAL_USER_ID, User, Video, VideoList


async def add_user(engine: AsyncEngine) -> UUID:
    """One more user."""
    user = User(name="somebody else")
    async with engine.begin() as connection:
        await connection.execute(insert(User).values(user.model_dump(exclude={"created_at"})))
    return user.id


async def add_video(engine: AsyncEngine, youtube_id: str, user_id: UUID = LOCAL_USER_ID) -> Video:
    """An entry in a new list, with its first event; nothing is started."""
    video_list = VideoList(user_id=user_id, name=str(uuid4()))
    video = Video(
        list_id=video_list.id, user_id=user_id, youtube_id=youtube_id, thumbnail_url=thumbnail_url(youtube_id)
    )
    async with engine.begin() as connection:
        await connection.execute(insert(VideoList).values(video_list.model_dump(exclude={"created_at"})))
        await connection.execute(insert(Video).values(video.model_dump(exclude={"created_at"})))
        await append_events(connection, [video.id])
    return video


async def append_events(connection: AsyncConnection, video_ids: Sequence[UUID]) -> list[FeedItem]:
    """Tell of the entries' present stage once more."""
    statement = text(f"WITH changed AS (SELECT * FROM videos WHERE id = ANY(:video_ids)) {changed_events_sql()}")
    rows = await connection.execute(statement, {"video_ids": list(video_ids)})
    return [feed_item(row) for row in rows.mappings()]


async def find_video(engine: AsyncEngine, video_id: UUID) -> Video:
    """The entry as it is now."""
    async with engine.connect() as connection:
        row = (await connection.execute(select(Video).where(col(Video.id) == video_id))).mappings().one()
    return Video.model_validate(dict(row))


async def events_of(engine: AsyncEngine, video: Video) -> list[ImportProgress]:
    """Everything that was told of the entry."""
    async with engine.connect() as connection:
        items = await events_since(connection, video.user_id, 0)
    return [message for message in messages_of(items) if message.video_id == video.id]


def messages_of(items: Iterable[FeedItem]) -> list[ImportProgress]:
    """What was told of imports."""
    return [item.message for item in items if isinstance(item.message, ImportProgress)]
