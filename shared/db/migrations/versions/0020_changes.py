"""Every change of what a user sees is an event: of lists, subscriptions, ended batches and deleted videos, too.

Triggers write these events, so that none is forgotten wherever rows change. Those of single rows wait for the end of
the transaction: a writer locks its user last (see `shared.db.enrichments`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_OF_IMPORTS = ("video_id", "youtube_id", "stage", "progress")

_FUNCTIONS = {
    # A list that is created with its user's first video has one event; a deleted list's rows change no more.
    "tell_of_list": """
        INSERT INTO import_events (type, user_id, list_id, name)
        VALUES (CASE WHEN NEW.deleted_at IS NULL THEN 'list_changed' ELSE 'list_deleted' END,
                NEW.user_id, NEW.id, NEW.name);
        RETURN NULL;
    """,
    "tell_of_deleted_videos": """
        INSERT INTO import_events (type, user_id, list_id, subject_id, youtube_id)
        SELECT 'video_deleted', gone.user_id, gone.list_id, gone.id, gone.youtube_id
        FROM gone JOIN lists ON lists.id = gone.list_id
        WHERE lists.deleted_at IS NULL ORDER BY gone.user_id, gone.id;
        RETURN NULL;
    """,
    "tell_of_subscription": """
        INSERT INTO import_events (type, user_id, list_id, subject_id)
        SELECT CASE WHEN TG_OP = 'DELETE' THEN 'subscription_deleted' ELSE 'subscription_changed' END,
               changed.user_id, changed.list_id, changed.id
        FROM (SELECT (CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END).*) AS changed
        JOIN lists ON lists.id = changed.list_id
        WHERE lists.deleted_at IS NULL;
        RETURN NULL;
    """,
    # A check of a subscription is a batch; one that has found nothing is deleted at once.
    "tell_of_batch": """
        IF NEW.completed_at IS NOT NULL THEN
            INSERT INTO import_events (type, user_id, list_id, batch_id)
            SELECT 'batch_ended', user_id, list_id, id FROM import_batches WHERE id = NEW.id;
        END IF;
        INSERT INTO import_events (type, user_id, list_id, subject_id)
        SELECT 'subscription_changed', user_id, list_id, id FROM subscriptions WHERE id = NEW.subscription_id;
        RETURN NULL;
    """,
}
_SHOWN = ("title", "interval_seconds", "is_paused", "checked_at", "last_new", "last_members_only", "error_code")
_OLD, _NEW = (", ".join(f"{row}.{column}" for column in _SHOWN) for row in ("OLD", "NEW"))
_DEFERRED = "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
_TRIGGERS = (
    f"CREATE CONSTRAINT TRIGGER list_added AFTER INSERT ON lists {_DEFERRED} EXECUTE FUNCTION tell_of_list()",
    f"CREATE CONSTRAINT TRIGGER list_changed AFTER UPDATE ON lists {_DEFERRED} "
    "WHEN ((OLD.name, OLD.deleted_at) IS DISTINCT FROM (NEW.name, NEW.deleted_at)) EXECUTE FUNCTION tell_of_list()",
    "CREATE TRIGGER videos_deleted AFTER DELETE ON videos REFERENCING OLD TABLE AS gone "
    "FOR EACH STATEMENT EXECUTE FUNCTION tell_of_deleted_videos()",
    f"CREATE CONSTRAINT TRIGGER subscription_added AFTER INSERT OR DELETE ON subscriptions {_DEFERRED} "
    "EXECUTE FUNCTION tell_of_subscription()",
    f"CREATE CONSTRAINT TRIGGER subscription_changed AFTER UPDATE ON subscriptions {_DEFERRED} "
    f"WHEN (({_OLD}) IS DISTINCT FROM ({_NEW})) EXECUTE FUNCTION tell_of_subscription()",
    f"CREATE CONSTRAINT TRIGGER check_begun AFTER INSERT ON import_batches {_DEFERRED} "
    "WHEN (NEW.subscription_id IS NOT NULL) EXECUTE FUNCTION tell_of_batch()",
    f"CREATE CONSTRAINT TRIGGER batch_changed AFTER UPDATE ON import_batches {_DEFERRED} "
    "WHEN (OLD.completed_at IS DISTINCT FROM NEW.completed_at) EXECUTE FUNCTION tell_of_batch()",
)


def upgrade() -> None:
    """Give events a type, and write those of lists, videos, subscriptions and batches."""
    # Whoever writes an event has locked the table that it is about: so that comes first here, too.
    for name, body in _FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    for trigger in _TRIGGERS:
        op.execute(trigger)
    op.add_column("import_events", sa.Column("type", sa.Text, nullable=False, server_default="import_progress"))
    op.add_column("import_events", sa.Column("subject_id", sa.Uuid))
    op.add_column("import_events", sa.Column("name", sa.Text))
    for column in _OF_IMPORTS:
        op.alter_column("import_events", column, nullable=True)
    op.create_index(
        "import_events_of_changes", "import_events", ["at"], postgresql_where=sa.text("type <> 'import_progress'")
    )


def downgrade() -> None:
    """Forget the events that older code cannot read."""
    for name in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {name} CASCADE")
    op.execute("DELETE FROM import_events WHERE type <> 'import_progress'")
    op.drop_index("import_events_of_changes", "import_events")
    for column in _OF_IMPORTS:
        op.alter_column("import_events", column, nullable=False)
    for column in ("name", "subject_id", "type"):
        op.drop_column("import_events", column)
