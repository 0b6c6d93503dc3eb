"""Columns bear the names of the glossary, and states, stages and slots have constraints."""

import json
import zlib
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Pairs = Sequence[tuple[str, str]]

COLUMNS = (
    ("videos", "batch_place", "batch_slot"),
    ("import_batches", "listing_ways", "listing_attempts"),
    ("subscriptions", "is_scheduled", "schedule_in_sync"),
    ("subscriptions", "is_primed", "has_baseline"),
    ("video_enrichments", "looked_again_at", "captions_rechecked_at"),
)
STATE_FIELDS: Pairs = (
    ("held_since", "operator_paused_since"),
    ("is_on_probation", "is_recovering"),
    ("bot_checked", "bot_check_video_ids"),
    ("story", "event_log"),
)
"""Of a governor's saved state: compressed JSON."""
SLOTS: Pairs = (("window", "running"), ("aside", "parked"))
_STAGES = ("created", "metadata", "captions", "chapters", "complete", "error")
CHECKS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("videos", "videos_stage_is_known", "import_stage", _STAGES),
    ("videos", "videos_slot_is_known", "batch_slot", ("queued", "running", "transcribing", "parked")),
    ("import_events", "import_events_stage_is_known", "stage", _STAGES),
    ("import_batches", "import_batches_kind_is_known", "kind", ("urls", "file", "playlist", "channel")),
    ("import_batches", "import_batches_state_is_known", "state", ("open", "paused", "cancelled", "complete")),
    (
        "import_batches",
        "import_batches_listing_is_known",
        "listing",
        ("under_way", "done", "short", "failed", "cancelled"),
    ),
    ("subscriptions", "subscriptions_kind_is_known", "kind", ("playlist", "channel")),
    (
        "video_enrichments",
        "video_enrichments_captions_source_is_known",
        "captions_source",
        ("youtube", "whisper", "none"),
    ),
)


def upgrade() -> None:
    """Rename, and add the constraints."""
    for table, old, new in COLUMNS:
        op.alter_column(table, old, new_column_name=new)
    _replace_slots(SLOTS)
    _rename_state_fields(STATE_FIELDS)
    for table, name, column, values in CHECKS:
        op.create_check_constraint(name, table, sa.column(column).in_(values))


def downgrade() -> None:
    """Drop the constraints, and rename back."""
    for table, name, _column, _values in CHECKS:
        op.drop_constraint(name, table)
    _rename_state_fields([(new, old) for old, new in STATE_FIELDS])
    _replace_slots([(new, old) for old, new in SLOTS])
    for table, old, new in COLUMNS:
        op.alter_column(table, new, new_column_name=old)


def _replace_slots(pairs: Pairs) -> None:
    slot: sa.ColumnClause[str] = sa.column("batch_slot")
    videos = sa.table("videos", slot)
    for old, new in pairs:
        op.execute(videos.update().where(slot == old).values(batch_slot=new))


def _rename_state_fields(pairs: Pairs) -> None:
    state: sa.ColumnClause[bytes | None] = sa.column("state")
    name: sa.ColumnClause[str] = sa.column("name")
    upstreams = sa.table("upstreams", name, state)
    rows = op.get_bind().execute(sa.select(name, state).select_from(upstreams).where(state.is_not(None)))
    for row in rows.all():
        fields = json.loads(zlib.decompress(row.state))
        for old, new in pairs:
            if old in fields:
                fields[new] = fields.pop(old)
        renamed = zlib.compress(json.dumps(fields).encode())
        op.execute(upstreams.update().where(name == row.name).values(state=renamed))
