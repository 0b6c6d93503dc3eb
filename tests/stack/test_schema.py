"""`vidferry migrate` and `vidferry downgrade`."""

import subprocess
import sys

import pytest

from services.stack.home import Home, is_locked
from shared.db.schema import NEWEST_SCHEMA
from shared.settings import Settings
from tests.stack.conftest import processes_of

BELOW = f"{int(NEWEST_SCHEMA) - 1:04}"


def vidferry(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.stack", *arguments], capture_output=True, text=True, check=False
    )


def test_the_embedded_database_of_a_stopped_installation_is_taken_back_and_forth(home: Home) -> None:
    migrated = vidferry("migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert f"schema {NEWEST_SCHEMA}" in migrated.stdout
    taken_back = vidferry("downgrade", BELOW)
    assert taken_back.returncode == 0, taken_back.stderr
    assert f"schema {BELOW}" in taken_back.stdout
    assert f"migration_finished migration={NEWEST_SCHEMA} direction=downgrade" in taken_back.stderr
    assert not is_locked(home)
    assert processes_of(home) == []


def test_what_cannot_be_done_is_a_sentence(home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    assert vidferry("migrate").returncode == 0
    refused = vidferry("downgrade", "0815")
    assert refused.returncode == 1
    assert refused.stderr == f"There is no migration 0815: the newest one is {NEWEST_SCHEMA}.\n"
