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

from services.worker.adapters.audio import store as store_module
from services.worker.adapters.audio.store import AudioStore, StoreError, StoreFullError
from shared.settings import InvalidSettingError
from tests.support.servers import free_port
from tests.worker.audio.conftest import move_to_machine

VIDEO = "-dQw4w9WgXc"
OTHER = "dQw4w9WgXcQ"
HOUR_SECONDS = 3_600
SmallDisk = Callable[[], AbstractContextManager[None]]
IN_A_MINUTE = -60
"""As an age: all changes up to now are older."""


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
    """All files at `url`."""
    files, root = url_to_fs(url, skip_instance_cache=True)
    return sorted(path.removeprefix(f"{root}/") for path in files.find(root))


def put_at(url: str, path: str) -> None:
    files, root = url_to_fs(url, skip_instance_cache=True)
    files.makedirs(f"{root}/{path}".rpartition("/")[0], exist_ok=True)
    files.pipe_file(f"{root}/{path}", b"somebody else's")


async def stored(store: AudioStore, youtube_id: str, name: str, contents: bytes = b"audio") -> None:
    (store.workspace(youtube_id) / name).write_bytes(contents)
    await store.upload(youtube_id, name)


async def test_an_uploaded_file_can_be_downloaded_by_another_process(url: str, store: AudioStore) -> None:
    await stored(store, VIDEO, "source.webm", b"audio")
    assert (await AudioStore(url).download(VIDEO, "source.webm")).read_bytes() == b"audio"


async def test_a_downloaded_file_is_in_the_workspace(store: AudioStore) -> None:
    await stored(store, VIDEO, "source.webm")
    assert await store.download(VIDEO, "source.webm") == store.workspace(VIDEO) / "source.webm"


async def test_a_file_that_was_never_uploaded_cannot_be_downloaded(store: AudioStore) -> None:
    await stored(store, VIDEO, "source.webm")
    for youtube_id, name in [(VIDEO, "source.m4a"), (OTHER, "source.webm")]:
        with pytest.raises(FileNotFoundError):
            await store.download(youtube_id, name)
    assert [path.name for path in store.workspace(VIDEO).iterdir() if path.suffix != ".webm"] == []


async def test_an_evicted_file_can_be_downloaded_again(store: AudioStore) -> None:
    await stored(store, VIDEO, "source.webm")
    await store.download(VIDEO, "source.webm")
    for _ in range(2):
        await store.evict(VIDEO, "source.webm")
    assert (await store.download(VIDEO, "source.webm")).read_bytes() == b"audio"


async def test_one_file_is_forgotten(url: str, store: AudioStore) -> None:
    await stored(store, VIDEO, "source.webm")
    await stored(store, VIDEO, "chunk.ogg")
    await store.download(VIDEO, "source.webm")
    for _ in range(2):
        await store.delete_file(VIDEO, "source.webm")
    with pytest.raises(FileNotFoundError):
        await store.download(VIDEO, "source.webm")
    assert [path.rpartition("/")[2] for path in files_at(url)] == ["chunk.ogg"]


async def test_everything_of_one_video_is_discarded(url: str, store: AudioStore) -> None:
    for youtube_id in (VIDEO, OTHER):
        await stored(store, youtube_id, "source.webm")
        (store.workspace(youtube_id) / "chunk.ogg").write_bytes(b"not complete")
    for _ in range(2):
        await store.delete_video(VIDEO)
    assert all(OTHER in path for path in files_at(url))
    assert [*store.workspace(VIDEO).iterdir()] == []
    assert (await store.download(OTHER, "source.webm")).exists()


async def test_orphans_are_videos_that_do_not_change(store: AudioStore) -> None:
    assert await store.find_orphans(older_than_seconds=IN_A_MINUTE) == []
    await stored(store, VIDEO, "source.webm")
    store.workspace(OTHER)
    assert await store.find_orphans(older_than_seconds=HOUR_SECONDS) == []
    assert await store.find_orphans(older_than_seconds=IN_A_MINUTE) == [VIDEO, OTHER]


async def test_other_files_are_neither_listed_nor_deleted(url: str, store: AudioStore) -> None:
    foreign = ["Screenshots/1.png", "dQw4w9WgXcQ", "not a video.audio/a", "x.audio/a", "x/dQw4w9WgXcQ.audio/a"]
    for path in foreign:
        put_at(url, path)
    assert await store.find_orphans(older_than_seconds=IN_A_MINUTE) == []
    await store.delete_video("Screenshots")
    await store.delete_video(OTHER)
    assert files_at(url) == sorted(foreign)


@pytest.mark.parametrize("youtube_id", ["", "..", "../../../etc", "dQw4w9WgXc/", "dQw4w9WgXcQ\n", "dQw4w9WgXc*"])
async def test_ids_lead_nowhere_else(youtube_id: str, tmp_path: Path) -> None:
    store = AudioStore(str(tmp_path))
    with pytest.raises(ValueError, match="id"):
        store.workspace(youtube_id)
    with pytest.raises(ValueError, match="id"):
        await store.delete_video(youtube_id)


@pytest.mark.parametrize("name", ["", ".", "..", "../source.webm", "a/b", "/etc/passwd", "*", "a\n", ".hidden"])
async def test_names_lead_nowhere_else(name: str, tmp_path: Path) -> None:
    store = AudioStore(str(tmp_path))
    for method in (store.upload, store.download, store.evict, store.delete_file):
        with pytest.raises(ValueError, match="name"):
            await method(VIDEO, name)


async def test_event_loops_of_other_threads_may_use_it(store: AudioStore) -> None:
    def carry(number: int) -> bytes:
        async def keep_and_fetch() -> bytes:
            await stored(store, VIDEO, f"{number}.ogg", bytes([number]))
            return (await store.download(VIDEO, f"{number}.ogg")).read_bytes()

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
    assert await store.find_orphans(older_than_seconds=HOUR_SECONDS) == []
    _age(growing)
    assert await store.find_orphans(older_than_seconds=HOUR_SECONDS) == [VIDEO]


async def test_an_uploaded_file_is_in_s3_and_no_longer_local(s3: str) -> None:
    store = AudioStore(s3)
    await stored(store, VIDEO, "source.webm")
    assert [*store.workspace(VIDEO).iterdir()] == []
    assert store.workspace(VIDEO) == AudioStore(s3).workspace(VIDEO)
    assert store.workspace(VIDEO) != AudioStore(f"{s3}/other").workspace(VIDEO)


async def test_another_machine_goes_on_with_it(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = AudioStore(s3)
    sound = os.urandom(17 * 1024 * 1024)  # in several parts
    await stored(here, VIDEO, "source.webm", sound)
    move_to_machine(tmp_path / "another", monkeypatch)
    there = AudioStore(s3)
    path = await there.download(VIDEO, "source.webm")
    assert path.is_relative_to(tmp_path / "another")
    assert path.read_bytes() == sound
    assert [*path.parent.iterdir()] == [path]
    await there.delete_video(VIDEO)
    with pytest.raises(FileNotFoundError):
        await here.download(VIDEO, "source.webm")


async def test_files_of_another_machine_are_seen(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = AudioStore(s3)
    await stored(here, OTHER, "source.webm")
    assert await here.find_orphans(older_than_seconds=IN_A_MINUTE) == [OTHER]
    move_to_machine(tmp_path / "another", monkeypatch)
    await stored(AudioStore(s3), VIDEO, "source.webm")
    assert await here.find_orphans(older_than_seconds=IN_A_MINUTE) == [VIDEO, OTHER]


async def test_orphans_have_changed_neither_locally_nor_remotely(memory: str) -> None:
    store = AudioStore(memory)
    await stored(store, VIDEO, "source.webm")
    _age(store.workspace(VIDEO))
    assert await store.find_orphans(older_than_seconds=HOUR_SECONDS) == []
    for file in MemoryFileSystem.store.values():
        file.modified -= timedelta(seconds=2 * HOUR_SECONDS)
    assert await store.find_orphans(older_than_seconds=HOUR_SECONDS) == [VIDEO]
    (store.workspace(VIDEO) / "chunk.ogg").touch()
    assert await store.find_orphans(older_than_seconds=HOUR_SECONDS) == []


async def test_an_upload_of_an_interrupted_attempt_is_reused(s3: str) -> None:
    store = AudioStore(s3)
    await stored(store, VIDEO, "source.webm")
    await store.upload(VIDEO, "source.webm")
    with pytest.raises(FileNotFoundError):
        await store.upload(VIDEO, "never.webm")


async def test_nothing_is_left_of_a_download_for_which_there_is_no_room(s3: str, small_disk: SmallDisk) -> None:
    store = AudioStore(s3)
    await stored(store, VIDEO, "source.webm", bytes(100_000))
    with small_disk(), pytest.raises(StoreFullError):
        await store.download(VIDEO, "source.webm")
    assert [*store.workspace(VIDEO).iterdir()] == []


async def test_a_failed_deletion_is_raised(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryFileSystem, "rm", lambda *_args, **_options: None)  # as s3fs where it is not allowed to
    store = AudioStore(memory)
    await stored(store, VIDEO, "source.webm")
    with pytest.raises(StoreError, match=r"^PermissionError$"):
        await store.delete_video(VIDEO)


async def broken_everywhere(store: AudioStore, why: str) -> None:
    """Every method that asks a remote store says that it is broken, and nothing of a secret."""
    (store.workspace(VIDEO) / "source.webm").write_bytes(b"audio")
    for ask in (
        store.upload(VIDEO, "source.webm"),
        store.upload(VIDEO, "sent.webm"),
        store.download(VIDEO, "sent.webm"),
        store.delete_file(VIDEO, "sent.webm"),
        store.find_orphans(older_than_seconds=HOUR_SECONDS),
        store.delete_video(VIDEO),
    ):
        with pytest.raises(StoreError, match=why) as caught:
            await ask
        assert "secret" not in "".join(traceback.format_exception(caught.value))


async def test_a_bucket_that_is_missing(s3: str) -> None:
    await broken_everywhere(AudioStore("s3://secret-bucket/prefix"), r"^FileNotFoundError \(NoSuchBucket\)$")


async def test_an_unusable_bucket(s3: str) -> None:
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


async def test_a_server_that_never_answers(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("CALL_SECONDS", "TRANSFER_SECONDS", "LISTING_SECONDS"):
        monkeypatch.setattr(store_module, limit, 0.1)

    async def never_answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)

    connections: list[asyncio.StreamWriter] = []
    async with await asyncio.start_server(never_answer, "127.0.0.1", 0) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await broken_everywhere(AudioStore(s3), "^TimeoutError$")
        for connection in connections:
            connection.close()


@pytest.mark.parametrize("is_remote", [True, False])
def test_the_scratch_folder_belongs_to_this_user(s3: str, tmp_path: Path, is_remote: bool) -> None:
    (tmp_path / "trap").mkdir()
    name = f"vidferry-scratch-{os.getuid()}" if is_remote else "vidferry-audio"
    place = Path(tempfile.gettempdir()) / name
    place.symlink_to(tmp_path / "trap")
    with pytest.raises(InvalidSettingError, match=name):
        AudioStore(s3 if is_remote else str(place))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give folders away")
def test_a_default_store_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_to_machine(tmp_path / "machine", monkeypatch)
    for place in (tmp_path / "machine/vidferry-audio", tmp_path / "shared"):
        place.mkdir()
        os.chown(place, 65534, 65534)
    with pytest.raises(InvalidSettingError, match="VIDFERRY_AUDIO_STORE"):
        AudioStore(str(tmp_path / "machine/vidferry-audio"))
    assert AudioStore(str(tmp_path / "shared")).workspace(VIDEO).is_dir(), "where not anybody may write, it may be"


@pytest.mark.parametrize("url", ["nothing://me:secret@host/folder", "gs://secret/folder", "s3://", "sftp://me:secret@"])
def test_a_url_that_cannot_be_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(InvalidSettingError, match=r"^VIDFERRY_AUDIO_STORE cannot be used: .+\.$") as refusal:
        AudioStore(url)
    assert "fsspec" not in str(refusal.value)
    assert "secret" not in "".join(traceback.format_exception(refusal.value))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file/folder"):
        with pytest.raises(InvalidSettingError, match=r"^VIDFERRY_AUDIO_STORE cannot be used: .+\.$"):
            AudioStore(str(place))


def _age(path: Path) -> None:
    """Let it have changed two hours ago."""
    a_while_ago = time.time() - 2 * HOUR_SECONDS
    os.utime(path, (a_while_ago, a_while_ago))
