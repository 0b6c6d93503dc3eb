"""Releases of yt-dlp as tests need them: wheels on an index of their own, and directories that a process can import."""

import hashlib
import io
import json
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copyfile
from typing import Any

import yt_dlp
import yt_dlp.extractor.youtube

from services.worker.extractor.store import Manifest, Store
from services.worker.extractor.versions import tested_with

NEWER, NEWEST, NIGHTLY = "2027.1.2", "2027.1.3", "2027.1.3.120000.dev0"
OLD = timedelta(days=1)
INSTALLED = Path(yt_dlp.__file__).parent

_IMPORTED = {"yt_dlp.extractor.__init__", *(name for name in sys.modules if name.startswith("yt_dlp."))}
"""What the adapters have imported by now."""

Edits = Mapping[str, tuple[str, str]]
"""Of files below `yt_dlp`: what is replaced by what."""

IMPORT_ERROR: Edits = {"extractor/youtube/_video.py": ("import base64\n", "import no_such_module\n")}
KILLED: Edits = {"extractor/youtube/_video.py": ("import base64\n", "import os\nos.kill(os.getpid(), 15)\n")}
RENAMED: Edits = {"extractor/youtube/_video.py": ("_is_agegated", "_is_restricted")}
ONE_MORE_REQUEST: Edits = {
    "extractor/youtube/_video.py": (
        "    def _extract_player_response(",
        "    def extract(self, url):\n"
        "        self._download_webpage('https://www.youtube.com/more', None, fatal=False)\n"
        "        return super().extract(url)\n\n"
        "    def _extract_player_response(",
    )
}


def edited(name: str, version: str, edits: Edits) -> str:
    """The text of a file of yt-dlp, as this release has it."""
    text = (INSTALLED / name).read_text()
    if name == "version.py":
        return f"{text}\n__version__ = {version.removesuffix('.dev0')!r}\n"
    old, new = edits[name]
    assert old in text
    return text.replace(old, new)


def unpacked(directory: Path, version: str, edits: Edits | None = None) -> Path:
    """A release in `directory`: links to the installed one, except for what differs."""
    changed = {"version.py", *(edits or {})}
    _link(INSTALLED, directory / "yt_dlp", {Path(name) for name in changed})
    for name in changed:
        (directory / "yt_dlp" / name).write_text(edited(name, version, edits or {}))
    return directory


def _link(source: Path, target: Path, changed: set[Path]) -> None:
    target.mkdir(parents=True)
    for path in source.iterdir():
        inside = {Path(*each.parts[1:]) for each in changed if each.parts[0] == path.name}
        if path.is_dir() and inside:
            _link(path, target / path.name, inside)
        elif path.name == "__init__.py":
            copyfile(path, target / path.name)
        elif not inside and path.name != "__pycache__":
            (target / path.name).symlink_to(path)


def install(store: Store, version: str, edits: Edits | None = None) -> Manifest:
    """A release that is installed as if it had passed its tests."""
    store.create()
    place = store.directory / f"making-{version}"
    manifest = manifest_of(version)
    store.install(unpacked(place, version, edits), manifest)
    return manifest


def manifest_of(version: str) -> Manifest:
    now = datetime.now(UTC)
    return Manifest(
        version=version,
        sha256="0" * 64,
        source="https://index.example/a.whl",
        installed_at=now,
        tested_at=now,
        tested_with=[tested_with()],
    )


def tiny_wheel(version: str, files: Mapping[str, str] | None = None) -> bytes:
    """A wheel that holds little more than its version."""
    content = {"yt_dlp/__init__.py": "", "yt_dlp/version.py": f"__version__ = {version!r}\n", **(files or {})}
    return _zip(content, zipfile.ZIP_STORED)


def real_wheel(version: str, edits: Edits | None = None) -> bytes:
    """A wheel of what is installed, except for what differs; without the extractors of other sites, for speed."""
    changed = {"version.py", *(edits or {})}
    content = {
        f"yt_dlp/{name}": edited(name, version, edits or {}) if name in changed else path.read_text()
        for path in INSTALLED.rglob("*.py")
        for name in [path.relative_to(INSTALLED).as_posix()]
        if path.parent != INSTALLED / "extractor" or f"yt_dlp.extractor.{path.stem}" in _IMPORTED
    }
    return _zip({**content, f"yt_dlp-{version}.dist-info/METADATA": ""}, zipfile.ZIP_DEFLATED)


def _zip(content: Mapping[str, str], compression: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression, compresslevel=1) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return file.getvalue()


@dataclass
class Index:
    """A package index that serves yt-dlp."""

    url: str
    files: list[dict[str, Any]] = field(default_factory=list)
    content: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def add(self, version: str, content: bytes | None = None, details: Mapping[str, Any] | None = None) -> bytes:
        """Serve a wheel; `details` replace what the index says about it."""
        wheel = tiny_wheel(version) if content is None else content
        other = details or {}
        name = other.get("filename", f"yt_dlp-{version}-py3-none-any.whl")
        described = {
            "filename": name,
            "url": f"../../files/{name}",
            "hashes": {"sha256": hashlib.sha256(wheel).hexdigest()},
            "requires-python": ">=3.11",
            "yanked": False,
            "size": len(wheel),
            "upload-time": (datetime.now(UTC) - OLD).isoformat(),
        }
        self.files.append({key: value for key, value in {**described, **other}.items() if value is not None})
        self.content[f"/files/{name}"] = wheel
        return wheel

    @property
    def downloads(self) -> list[str]:
        """The versions that were downloaded, in order."""
        return [path.split("-")[1] for path in self.requests if path.startswith("/files/")]


@contextmanager
def index_server() -> Iterator[Index]:
    """An index on this machine, as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.requests.append(self.path)
            if self.path == "/simple/yt-dlp/":
                body = json.dumps({"meta": {"api-version": "1.1"}, "name": "yt-dlp", "files": index.files}).encode()
            else:
                body = index.content.get(self.path, b"")
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        index = Index(f"http://127.0.0.1:{server.server_port}/simple")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()
