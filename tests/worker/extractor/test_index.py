"""What is taken from a package index, and what is not."""

from pathlib import Path

import pytest

from services.worker.extractor import index as package_index
from services.worker.extractor.index import IndexUnavailableError, download, find_wheels
from services.worker.extractor.wheel import WheelRefusedError, unpack
from tests.support.servers import free_port
from tests.worker.extractor.releases import NEWER, Index, tiny_wheel


async def test_a_wheel_is_found_and_downloaded(index: Index, tmp_path: Path) -> None:
    content = index.add(NEWER)
    (wheel,) = await find_wheels(index.url)
    await download(wheel, tmp_path / "wheel")
    assert (wheel.version, (tmp_path / "wheel").read_bytes()) == (NEWER, content)


@pytest.mark.parametrize(
    "details",
    [
        {"yanked": "broken"},
        {"requires-python": ">=4"},
        {"requires-python": "nonsense"},
        {"hashes": {"md5": "0"}},
        {"size": package_index.MAX_WHEEL_BYTES + 1},
        {"filename": f"yt_dlp-{NEWER}.tar.gz"},
        {"filename": f"yt_dlp-{NEWER}-cp311-cp311-linux_x86_64.whl"},
        {"filename": f"other-{NEWER}-py3-none-any.whl"},
        {"url": "ftp://127.0.0.1/a.whl"},
    ],
)
async def test_a_file_that_does_not_fit_is_ignored(index: Index, details: dict[str, object]) -> None:
    index.add(NEWER, details=details)
    assert await find_wheels(index.url) == []


async def test_a_file_with_another_hash_is_not_saved(index: Index, tmp_path: Path) -> None:
    index.add(NEWER, details={"hashes": {"sha256": "0" * 64}})
    (wheel,) = await find_wheels(index.url)
    with pytest.raises(IndexUnavailableError):
        await download(wheel, tmp_path / "wheel")
    assert not (tmp_path / "wheel").exists()


async def test_a_file_that_is_larger_than_announced_is_not_saved(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add(NEWER, details={"size": None})
    (wheel,) = await find_wheels(index.url)
    monkeypatch.setattr(package_index, "MAX_WHEEL_BYTES", 10)
    with pytest.raises(IndexUnavailableError):
        await download(wheel, tmp_path / "wheel")


async def test_an_index_that_is_not_there(index: Index) -> None:
    index.files.append({"filename": "of an index that has no JSON API"})
    for url in (index.url, f"{index.url}/nothing", f"http://127.0.0.1:{free_port()}/simple"):
        with pytest.raises(IndexUnavailableError):
            await find_wheels(url)


@pytest.mark.parametrize("name", ["../yt_dlp/a.py", "/yt_dlp/a.py", "yt_dlp/../../a.py", "yt_dlp\\..\\a.py"])
def test_a_wheel_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    wheel = tmp_path / "wheel"
    wheel.write_bytes(tiny_wheel(NEWER, {name: "x = 1"}))
    with pytest.raises(WheelRefusedError):
        unpack(wheel, tmp_path / "unpacked")
    assert not (tmp_path / "unpacked").exists()


def test_nothing_but_the_package_is_unpacked(tmp_path: Path) -> None:
    wheel = tmp_path / "wheel"
    wheel.write_bytes(tiny_wheel(NEWER, {"requests/__init__.py": "", "a.pth": ""}))
    unpack(wheel, tmp_path / "unpacked")
    assert [path.name for path in (tmp_path / "unpacked").iterdir()] == ["yt_dlp"]


@pytest.mark.parametrize("content", [b"", b"PK", b"no wheel at all"])
def test_what_is_no_wheel_is_refused(tmp_path: Path, content: bytes) -> None:
    wheel = tmp_path / "wheel"
    wheel.write_bytes(content)
    with pytest.raises(WheelRefusedError):
        unpack(wheel, tmp_path / "unpacked")
