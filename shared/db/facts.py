"""SQL for what a card shows of a YouTube video: one set of columns for lists, events and snapshots."""

FACT_FIELDS = (
    "title",
    "channel",
    "duration_seconds",
    "published_at",
    "starts_at",
    "captions_source",
    "captions_missing",
)
FACTS = (
    "coalesce(e.title, m.title) AS title, coalesce(e.channel, m.channel) AS channel, e.duration_seconds, "
    "e.published_at, m.starts_at, e.captions_source, e.captions_missing"
)
"""The columns of FACT_FIELDS, where `join_facts` has been joined."""


def join_facts(rows: str) -> str:
    """SQL that joins what is known about the videos of `rows`, a table or alias with a `youtube_id`."""
    return (
        f"LEFT JOIN video_enrichments e ON e.youtube_id = {rows}.youtube_id "
        f"LEFT JOIN early_metadata m ON m.youtube_id = {rows}.youtube_id"
    )
