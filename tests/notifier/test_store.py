"""What the notifier reads after PostgreSQL has stood still."""

import pytest

from services.notifier import store
from services.notifier.store import DatabaseUnavailableError, Store
from shared.db.engine import StatementLimits, create_engine
from shared.db.models import LOCAL_USER_ID
from tests.support.standstill import StoppablePostgres, nothing_is_left_open, observer

SHORT = 2
"""Seconds; enough for what is read before and afterwards on a busy machine."""
ADD_LIST = "INSERT INTO lists (id, user_id, name) VALUES (gen_random_uuid(), $1, 'x') RETURNING id"
ADD_VIDEO = """
    INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url)
    VALUES (gen_random_uuid(), $1, $2, 'standstill1', '') RETURNING id
"""


@pytest.mark.parametrize("by", ["cancelled", "timed-out"])
async def test_a_standstill_leaves_no_read_in_an_old_moment(
    stoppable_postgres: StoppablePostgres, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by == "cancelled":
        monkeypatch.setattr(store, "READ_SECONDS", SHORT)
    limits = StatementLimits(answer=SHORT if by == "timed-out" else 30)
    engine = create_engine(stoppable_postgres.settings, pool_size=1, limits=limits)
    reads = Store(engine)
    await reads.latest_seq(LOCAL_USER_ID)

    with stoppable_postgres.standing_still(), pytest.raises(DatabaseUnavailableError):
        await reads.latest_seq(LOCAL_USER_ID)
    monkeypatch.undo()
    async with observer(stoppable_postgres.url) as connection:
        list_id = await connection.fetchval(ADD_LIST, LOCAL_USER_ID)
        video_id = await connection.fetchval(ADD_VIDEO, list_id, LOCAL_USER_ID)

    for _ in range(2):
        found = await reads.videos_of_ids(LOCAL_USER_ID, [video_id])
        assert [row.id for row in found.videos] == [video_id]
    await reads.upstreams()
    await nothing_is_left_open(stoppable_postgres.url)
    await engine.dispose()
