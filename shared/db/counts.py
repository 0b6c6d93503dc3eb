"""How many videos lists and batches have: sums of changes, which triggers write with every change of a video.

Writers only add rows, in the transaction that changes the videos, so a sum is always exact, and nobody waits for
anybody because of it. `fold` replaces the rows that have come together by their sums.
"""

from shared.db.connection import AsyncpgConnection

_FOLD = """
    WITH scattered AS (
        SELECT owner_id, state FROM video_counts GROUP BY owner_id, state HAVING count(*) > 1
    ), taken AS (
        DELETE FROM video_counts WHERE (owner_id, id) IN (
            SELECT c.owner_id, c.id FROM video_counts c JOIN scattered s USING (owner_id, state)
            FOR UPDATE OF c SKIP LOCKED
        ) RETURNING owner_id, state, videos
    )
    INSERT INTO video_counts (owner_id, state, videos)
    SELECT owner_id, state, sum(videos) FROM taken GROUP BY owner_id, state HAVING sum(videos) <> 0
    """
IN_LIST = "SELECT coalesce(sum(videos), 0) FROM video_counts WHERE owner_id = {list_id}"
"""SQL: how many videos are on a list."""
IN_BATCH = """
    SELECT coalesce(sum(videos), 0) AS total,
           coalesce(sum(videos) FILTER (WHERE state = 'queued'), 0) AS queued,
           coalesce(sum(videos) FILTER (WHERE state = 'running'), 0) AS running,
           coalesce(sum(videos) FILTER (WHERE state = 'waiting'), 0) AS waiting,
           coalesce(sum(videos) FILTER (WHERE state IN ('imported', 'without_captions')), 0) AS imported,
           coalesce(sum(videos) FILTER (WHERE state = 'without_captions'), 0) AS without_captions,
           coalesce(sum(videos) FILTER (WHERE state = 'failed'), 0) AS failed,
           coalesce(sum(videos) FILTER (WHERE state = 'cancelled'), 0) AS cancelled
    FROM video_counts WHERE owner_id = {batch_id}
    """
"""SQL: how far the videos of a batch are."""


async def fold(connection: AsyncpgConnection) -> None:
    """Replace what was added to each sum by the sum. Safe to run several times at once."""
    await connection.execute(_FOLD)
