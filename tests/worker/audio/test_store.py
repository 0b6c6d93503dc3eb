"""The audio store in a local folder and in an S3."""

import asyncio
import os
import stat
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # there are none
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]  # as above
from s3fs import S3FileSystem  # type: ignore[import-untyped]  # as above

from services.worker.audio.store import AudioStore, StoreBroken, StoreFull
from shared.settings import SettingRefused
from tests.support.servers import free_port
from tests.worker.audio.conftest import move_to_machine

VIDEO = "-dQw4w9WgXc"
OTHER = "dQw4w9WgXcQ"
HOUR_SECONDS = 3_600
SmallDisk = Callable[[], AbstractContextManager[None]]
IN_A_MINUTE = -60
"""As an age: whatever has changed up to now is older."""


@pytest.fixture(params=["folder", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the store is."""
    return str(tmp_path / "store") if request.param == "folder" else str(request.getfixturevalue("s3"))


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """One more filesystem of fsspec's, the simplest."""
    move_to_machine(tmp_path / "machine", monkeypatch)
    monkeypatch.setattr(MemoryFileSystem, "store", {})
    return "memory://store"


@pytest.fixture
def store(url: str) -> AudioStore:
    return AudioStore(url)


def files_at(url: str) -> list[str]:
    """Everything that is at `url`, whoever has put it there."""
    files, root = url_to_fs(url, skip_instance_cache=True)
    return sorted(path.removeprefix(f"{root}/") for path in files.find(root))


def put_at(url: str, path: str) -> None:
    files, root = url_to_fs(url, skip_instance_cache=True)
    files.makedirs(f"{root}/{path}".rpartition("/")[0], exist_ok=True)
    files.pipe_file(f"{root}/{path}", b"somebody else's")


async def kept(store: AudioStore, youtube_id: str, name: str, contents: bytes = b"sound") -> None:
    (store.workspace(youtube_id) / name).write_bytes(contents)
    await store.keep(youtube_id, name)


async def test_what_is_kept_can_be_fetched_also_by_another_process(url: str, store: AudioStore) -> None:
    await kept(store, VIDEO, "source.webm", b"sound")
    assert (await AudioStore(url).fetch(VIDEO, "source.webm")).read_bytes() == b"sound"


async def test_what_is_fetched_is_in_the_workspace(store: AudioStore) -> None:
    await kept(store, VIDEO, "source.webm")
    assert await store.fetch(VIDEO, "source.webm") == store.workspace(VIDEO) / "source.webm"


async def test_what_was_never_kept_cannot_be_fetched(store: AudioStore) -> None:
    await kept(store, VIDEO, "source.webm")
    for youtube_id, name in [(VIDEO, "source.m4a"), (OTHER, "source.webm")]:
        with pytest.raises(FileNotFoundError):
            await store.fetch(youtube_id, name)
    assert [path.name for path in store.workspace(VIDEO).iterdir() if path.suffix != ".webm"] == []


async def test_what_is_released_can_be_fetched_again(store: AudioStore) -> None:
    await kept(store, VIDEO, "source.webm")
    await store.fetch(VIDEO, "source.webm")
    for _ in range(2):
        await store.release(VIDEO, "source.webm")
    assert (await store.fetch(VIDEO, "source.webm")).read_bytes() == b"sound"


async def test_one_file_is_forgotten(url: str, store: AudioStore) -> None:
    await kept(store, VIDEO, "source.webm")
    await kept(store, VIDEO, "chunk.ogg")
    await store.fetch(VIDEO, "source.webm")
    for _ in range(2):
        await store.forget(VIDEO, "source.webm")
    with pytest.raises(FileNotFoundError):
        await store.fetch(VIDEO, "source.webm")
    assert [path.rpartition("/")[2] for path in files_at(url)] == ["chunk.ogg"]


async def test_everything_of_one_video_is_discarded(url: str, store: AudioStore) -> None:
    for youtube_id in (VIDEO, OTHER):
        await kept(store, youtube_id, "source.webm")
        (store.workspace(youtube_id) / "chunk.ogg").write_bytes(b"not complete")
    for _ in range(2):
        await store.discard(VIDEO)
    assert all(OTHER in path for path in files_at(url))
    assert [*store.workspace(VIDEO).iterdir()] == []
    assert (await store.fetch(OTHER, "source.webm")).exists()


async def test_leftovers_are_videos_that_nothing_happens_to(store: AudioStore) -> None:
    assert await store.leftovers(older_than_seconds=IN_A_MINUTE) == []
    await kept(store, VIDEO, "source.webm")
    store.workspace(OTHER)
    assert await store.leftovers(older_than_seconds=HOUR_SECONDS) == []
    assert await store.leftovers(older_than_seconds=IN_A_MINUTE) == [VIDEO, OTHER]


async def test_videos_are_those_that_have_a_folder_here_or_in_the_store(store: AudioStore) -> None:
    assert await store.videos() == []
    store.workspace(OTHER)
    await kept(store, VIDEO, "source.webm")
    assert await store.videos() == [VIDEO, OTHER]
    await store.discard(VIDEO)
    assert await store.videos() == [OTHER]


async def test_what_is_not_ours_is_neither_seen_nor_deleted(url: str, store: AudioStore) -> None:
    foreign = ["Screenshots/1.png", "dQw4w9WgXcQ", "not a video.audio/a", "x.audio/a", "x/dQw4w9WgXcQ.audio/a"]
    for path in foreign:
        put_at(url, path)
    assert await store.videos() == []
    assert await store.leftovers(older_than_seconds=IN_A_MINUTE) == []
    await store.discard("Screenshots")
    await store.discard(OTHER)
    assert files_at(url) == sorted(foreign)


@pytest.mark.parametrize("youtube_id", ["", "..", "../../../etc", "dQw4w9WgXc/", "dQw4w9WgXcQ\n", "dQw4w9WgXc*"])
async def test_ids_lead_nowhere_else(youtube_id: str, tmp_path: Path) -> None:
    store = AudioStore(str(tmp_path))
    with pytest.raises(ValueError, match="id"):
        store.workspace(youtube_id)
    with pytest.raises(ValueError, match="id"):
        await store.discard(youtube_id)


@pytest.mark.parametrize("name", ["", ".", "..", "../source.webm", "a/b", "/etc/passwd", "*", "a\n", ".hidden"])
async def test_names_lead_nowhere_else(name: str, tmp_path: Path) -> None:
    store = AudioStore(str(tmp_path))
    for method in (store.keep, store.fetch, store.release, store.forget):
        with pytest.raises(ValueError, match="name"):
            await method(VIDEO, name)


async def test_event_loops_of_other_threads_may_use_it(store: AudioStore) -> None:
    def carry(number: int) -> bytes:
        async def keep_and_fetch() -> bytes:
            await kept(store, VIDEO, f"{number}.ogg", bytes([number]))
            return (await store.fetch(VIDEO, f"{number}.ogg")).read_bytes()

        return asyncio.run(keep_and_fetch())

    carried = await asyncio.gather(*(asyncio.to_thread(carry, number) for number in range(8)))
    assert carried == [bytes([number]) for number in range(8)]


def test_a_new_folder_is_private(tmp_path: Path) -> None:
    workspace = AudioStore(f"file://{tmp_path}/a/store").workspace(VIDEO)
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (workspace.parent, workspace)] == [0o700, 0o700]
    assert workspace.parent == tmp_path / "a/store"


async def test_a_folder_in_which_a_file_grows_is_no_leftover(tmp_path: Path) -> None:
    store = AudioStore(str(tmp_path))
    growing = store.workspace(VIDEO) / "source.webm"
    growing.touch()
    _age(growing.parent)
    assert await store.leftovers(older_than_seconds=HOUR_SECONDS) == []
    _age(growing)
    assert await store.leftovers(older_than_seconds=HOUR_SECONDS) == [VIDEO]


async def test_an_s3_has_what_is_kept_and_this_machine_no_more(s3: str) -> None:
    store = AudioStore(s3)
    await kept(store, VIDEO, "source.webm")
    assert [*store.workspace(VIDEO).iterdir()] == []
    assert store.workspace(VIDEO) == AudioStore(s3).workspace(VIDEO)
    assert store.workspace(VIDEO) != AudioStore(f"{s3}/other").workspace(VIDEO)


async def test_another_machine_goes_on_with_it(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = AudioStore(s3)
    sound = os.urandom(17 * 1024 * 1024)  # in several parts
    await kept(here, VIDEO, "source.webm", sound)
    move_to_machine(tmp_path / "another", monkeypatch)
    there = AudioStore(s3)
    path = await there.fetch(VIDEO, "source.webm")
    assert path.is_relative_to(tmp_path / "another")
    assert path.read_bytes() == sound
    assert [*path.parent.iterdir()] == [path]
    await there.discard(VIDEO)
    with pytest.raises(FileNotFoundError):
        await here.fetch(VIDEO, "source.webm")


async def test_what_another_machine_brings_is_seen(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = AudioStore(s3)
    await kept(here, OTHER, "source.webm")
    assert await here.leftovers(older_than_seconds=IN_A_MINUTE) == [OTHER]
    move_to_machine(tmp_path / "another", monkeypatch)
    await kept(AudioStore(s3), VIDEO, "source.webm")
    assert await here.leftovers(older_than_seconds=IN_A_MINUTE) == [VIDEO, OTHER]


async def test_leftovers_have_changed_neither_here_nor_in_the_store(memory: str) -> None:
    store = AudioStore(memory)
    await kept(store, VIDEO, "source.webm")
    _age(store.workspace(VIDEO))
    assert await store.leftovers(older_than_seconds=HOUR_SECONDS) == []
    for file in MemoryFileSystem.store.values():
        file.modified -= timedelta(seconds=2 * HOUR_SECONDS)
    assert await store.leftovers(older_than_seconds=HOUR_SECONDS) == [VIDEO]
    (store.workspace(VIDEO) / "chunk.ogg").touch()
    assert await store.leftovers(older_than_seconds=HOUR_SECONDS) == []


async def test_what_an_interrupted_attempt_has_kept_is_kept(s3: str) -> None:
    store = AudioStore(s3)
    await kept(store, VIDEO, "source.webm")
    await store.keep(VIDEO, "source.webm")
    with pytest.raises(FileNotFoundError):
        await store.keep(VIDEO, "never.webm")


async def test_nothing_is_left_of_a_download_for_which_there_is_no_room(s3: str, small_disk: SmallDisk) -> None:
    store = AudioStore(s3)
    await kept(store, VIDEO, "source.webm", bytes(100_000))
    with small_disk(), pytest.raises(StoreFull):
        await store.fetch(VIDEO, "source.webm")
    assert [*store.workspace(VIDEO).iterdir()] == []


async def test_what_cannot_be_deleted_is_said(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryFileSystem, "rm", lambda *_args, **_options: None)  # as s3fs where it is not allowed to
    store = AudioStore(memory)
    await kept(store, VIDEO, "source.webm")
    with pytest.raises(StoreBroken, match=r"^PermissionError$"):
        await store.discard(VIDEO)


async def broken_everywhere(store: AudioStore, why: str) -> None:
    """Every method that asks a remote store says that it is broken, and nothing of a secret."""
    (store.workspace(VIDEO) / "source.webm").write_bytes(b"sound")
    for ask in (
        store.keep(VIDEO, "source.webm"),
        store.keep(VIDEO, "sent.webm"),
        store.fetch(VIDEO, "sent.webm"),
        store.forget(VIDEO, "sent.webm"),
        store.videos(),
        store.leftovers(older_than_seconds=HOUR_SECONDS),
        store.discard(VIDEO),
    ):
        with pytest.raises(StoreBroken, match=why) as caught:
            await ask
        assert "secret" not in "".join(traceback.format_exception(caught.value))


async def test_a_bucket_that_is_missing(s3: str) -> None:
    await broken_everywhere(AudioStore("s3://secret-bucket/prefix"), r"^FileNotFoundError \(NoSuchBucket\)$")


async def test_a_bucket_that_nobody_can_have(s3: str) -> None:
    await broken_everywhere(AudioStore("s3://somebody:secret@bucket/prefix"), "Error$")


async def test_no_credentials(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    await broken_everywhere(AudioStore(s3), "^NoCredentialsError$")


async def test_no_server(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}/secret")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(S3FileSystem, "retries", 1)
    await broken_everywhere(AudioStore(s3), "^EndpointConnectionError$")


@pytest.mark.parametrize("is_remote", [True, False])
def test_nobody_else_can_prepare_the_place_to_work_in(s3: str, tmp_path: Path, is_remote: bool) -> None:
    (tmp_path / "trap").mkdir()
    name = f"vidferry-scratch-{os.getuid()}" if is_remote else "vidferry-audio"
    place = Path(tempfile.gettempdir()) / name
    place.symlink_to(tmp_path / "trap")
    with pytest.raises(SettingRefused, match=name):
        AudioStore(s3 if is_remote else str(place))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give folders away")
def test_a_default_store_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_to_machine(tmp_path / "machine", monkeypatch)
    for place in (tmp_path / "machine/vidferry-audio", tmp_path / "shared"):
        place.mkdir()
        os.chown(place, 65534, 65534)
    with pytest.raises(SettingRefused, match="VIDFERRY_AUDIO_STORE"):
        AudioStore(str(tmp_path / "machine/vidferry-audio"))
    assert AudioStore(str(tmp_path / "shared")).workspace(VIDEO).is_dir(), "where not anybody may write, it may be"


@pytest.mark.parametrize("url", ["nothing://me:secret@host/folder", "gs://secret/folder", "s3://", "sftp://me:secret@"])
def test_a_url_that_cannot_be_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(SettingRefused, match=r"^VIDFERRY_AUDIO_STORE cannot be used: .+\.$") as refusal:
        AudioStore(url)
    assert "fsspec" not in str(refusal.value)
    assert "secret" not in "".join(traceback.format_exception(refusal.value))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file/folder"):
        with pytest.raises(SettingRefused, match=r"^VIDFERRY_AUDIO_STORE cannot be used: .+\.$"):
            AudioStore(str(place))


def _age(path: Path) -> None:
    """Let it have changed two hours ago."""
    a_while_ago = time.time() - 2 * HOUR_SECONDS
    os.utime(path, (a_while_ago, a_while_ago))
