"""The migrations of a version that does not exist yet."""

import shutil
from pathlib import Path

from shared.db.migrate import MIGRATIONS
from shared.db.schema import NEWEST_SCHEMA

NEXT = "9001"
ADD_COLOUR = "op.execute('ALTER TABLE lists ADD colour text')"
DROP_COLOUR = "op.drop_column('lists', 'colour')"


def next_version(directory: Path, up: str, down: str, oldest_code: str = NEWEST_SCHEMA) -> Path:
    """Our migrations and one more, from the statements of its way up and down."""
    migrations = directory / "migrations"
    shutil.copytree(MIGRATIONS, migrations)
    (migrations / "versions" / f"{NEXT}_next.py").write_text(
        "from alembic import op\n"
        "from sqlalchemy import text\n"
        "from shared.db.migrations import online\n"
        f'revision, down_revision, oldest_code = "{NEXT}", "{NEWEST_SCHEMA}", "{oldest_code}"\n'
        f"def upgrade():\n    {up}\n"
        f"def downgrade():\n    {down}\n"
    )
    return migrations
