"""Which version is used; and what is left when a change is interrupted."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from services.worker.extractor import activation, versions
from services.worker.extractor import store as stores
from services.worker.extractor.activation import activate, active_origin, active_version
from services.worker.extractor.restart import RestartTurn
from services.worker.extractor.store import Store, save_manifest
from services.worker.extractor.updates import Updater
from shared.contracts.upstreams import ExtractorOrigin
from tests.worker.extractor.releases import NEWER, NEWEST, NIGHTLY, Index, index_server, manifest_of
from tests.worker.extractor.test_updates import fine, passing

OLDER = "2020.1.1"
INTERRUPTED = 7


def put(store: Store, version: str, *, tested_with: str | None = None) -> None:
    """An installed version without content."""
    package = store.directory / f"making-{version}" / "yt_dlp"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    manifest = manifest_of(version)
    store.install(package.parent, manifest)
    if tested_with:
        save_manifest(store.path_of(version), manifest.model_copy(update={"tested_with": [tested_with]}))


def selected(store: Store) -> str | None:
    found = store.selected()
    return found.version if found else None


def test_nothing_is_selected_at_first(store: Store) -> None:
    assert selected(store) is None
    assert selected(Store(store.directory / "not" / "there")) is None


def test_an_installed_version_is_used_once_it_is_selected(store: Store) -> None:
    put(store, NEWER)
    assert selected(store) is None
    store.select(NEWER)
    assert selected(store) == NEWER
    store.select(None)
    assert selected(store) is None


@pytest.mark.parametrize(
    ("version", "is_pinned", "is_used"), [(NEWER, False, True), (OLDER, False, False), (OLDER, True, True)]
)
def test_a_version_that_is_older_than_the_bundled_one_has_to_be_chosen(
    store: Store, version: str, is_pinned: bool, is_used: bool
) -> None:
    put(store, version)
    store.select(version, pinned=is_pinned)
    assert (selected(store) == version) == is_used


def test_a_version_that_other_code_was_tested_with_is_not_used(store: Store) -> None:
    put(store, NEWER, tested_with="of an older Vidferry")
    store.select(NEWER)
    assert selected(store) is None
    found = store.find(NEWER)
    assert found is not None
    store.tested_again(found, "passed")
    assert selected(store) == NEWER


def test_a_refused_version_is_not_used(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, NEWER)
    store.select(NEWER)
    store.refuse(NEWER, "why")
    assert selected(store) is None
    store.select(NEWER, pinned=True)
    assert selected(store) is None
    assert store.refusals()[NEWER].reason == "why"
    monkeypatch.setattr(stores, "tested_with", lambda: "newer code, which it may fit")
    assert store.refusals() == {}


@pytest.mark.parametrize("damage", ["nonsense", "", '{"version": "../../elsewhere"}', '{"version": "2027.1.2"}'])
def test_what_cannot_be_read_means_the_bundled_version(store: Store, damage: str) -> None:
    (store.directory / "current").write_text(damage)
    (store.directory / "bad.json").write_text(damage)
    (store.directory / "state.json").write_text(damage)
    assert (selected(store), store.refusals(), store.state().outcome) == (None, {}, "")


def test_a_version_is_on_disk_before_it_appears(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: set[int] = set()

    def fsync(descriptor: int) -> None:
        if not store.path_of(NEWER).exists():
            synced.add(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", fsync)
    put(store, NEWER)
    assert {path.stat().st_ino for path in store.path_of(NEWER).rglob("*")} <= synced


def test_three_versions_are_kept_with_those_in_use(store: Store) -> None:
    numbers = ["2027.1.1", "2027.1.2", "2027.1.3", "2027.1.4", "2027.1.5"]
    for number in numbers:
        put(store, number)
    store.select("2027.1.1")
    store.select("2027.1.2")
    store.prune()
    assert [manifest.version for manifest in store.installed()] == ["2027.1.5", "2027.1.2", "2027.1.1"]


def test_a_process_uses_what_is_selected_when_it_starts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert activate(None) is None
    assert activate(store.directory) is None
    assert active_origin() is ExtractorOrigin.BUNDLED
    monkeypatch.setattr(activation, "_active", [])
    for version, origin in ((NEWER, ExtractorOrigin.STABLE), (NIGHTLY, ExtractorOrigin.NIGHTLY)):
        put(store, version)
        store.select(version)
        assert activate(store.directory) == active_version() == version
        assert active_origin() is origin
        assert sys.path[0] == str(store.path_of(version))


def test_one_worker_restarts_after_the_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = RestartTurn(store.directory), RestartTurn(store.directory)
    assert first.take()
    assert first.take()
    assert not second.take()
    first.note()
    assert first._file is not None
    first._file.close()  # as its process does when it ends
    assert not second.take(), "the first one is not back at work yet"
    monkeypatch.setattr("services.worker.extractor.restart.SPACING_SECONDS", 0)
    assert second.take()


CHANGES = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "os.chmod"})
"""Audit events of Python that come before a change of files."""


def _dying_before(change: int, directory: Path) -> Callable[[str, tuple[object, ...]], None]:
    """A hook that ends the process before change number `change` of `directory`."""
    seen = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event not in CHANGES or not str(arguments[0]).startswith(str(directory)):
            return
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            return
        seen += 1
        if seen == change:
            os._exit(INTERRUPTED)

    return hook


def _in_a_child(work: Callable[[], Awaitable[object]], prepare: Callable[[], None]) -> int:
    """Run in a copy of this process; returns its exit code."""
    pid = os.fork()
    if pid == 0:
        try:
            prepare()
            asyncio.run(work())  # type: ignore[arg-type]  # a coroutine
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_an_update_may_be_interrupted_before_each_of_its_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with index_server() as index:
        index.add(NEWEST)
        outcomes = []
        for change in range(1, 200):
            store = Store(tmp_path / str(change))
            store.create()
            put(store, NEWER)
            store.select(NEWER)
            outcomes.append(_interrupted_update(store, index, change))
            if outcomes[-1] == (0, NEWEST):
                break
    codes, used = zip(*outcomes, strict=True)
    assert len(outcomes) > 15
    assert set(codes[:-1]) == {INTERRUPTED}
    assert {*used} == {NEWER, NEWEST}
    assert list(used) == sorted(used), "once it is selected, it stays so"


def _interrupted_update(store: Store, index: Index, change: int) -> tuple[int, str | None]:
    """How the update ended and what is used afterwards; the next update has to succeed."""
    updater = Updater(store, index.url, passing, fine)

    async def update() -> object:
        return await updater.update(nightly=False, is_broken=False)

    code = _in_a_child(update, lambda: sys.addaudithook(_dying_before(change, store.directory)))
    used = selected(store)
    asyncio.run(update())
    assert selected(store) == NEWEST
    assert [*store.directory.glob("tmp-*")] == []
    assert versions.parse_version(used or "") is not None
    return code, used
