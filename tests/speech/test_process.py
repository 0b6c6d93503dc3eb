"""The server as a process, as `make demo` runs it: it recognises what the voice says."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.speech.sound import as_m4a
from tests.speech.voice import numbered_sentences

REPOSITORY = Path(__file__).parents[2]
PATIENCE_SECONDS = 60


@contextmanager
def process(directory: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The process; it is asked to stop at the end."""
    command = [sys.executable, "-m", "tests.speech", "--directory", str(directory), *options]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.terminate()


def ready(running: subprocess.Popen[str], directory: Path) -> dict[str, str]:
    """How the process is reached, once it can be."""
    assert running.stdout is not None
    printed = running.stdout.readline().strip()
    place: dict[str, str] = json.loads((directory / "speech.json").read_text())
    assert printed == place["base_url"], "the key is not printed"
    return place


def test_it_recognises_until_it_is_stopped(tmp_path: Path) -> None:
    speech = numbered_sentences(3)
    with process(tmp_path) as running:
        place = ready(running, tmp_path)
        answer = httpx.post(
            f"{place['base_url']}/audio/transcriptions",
            headers={"Authorization": f"Bearer {place['key']}"},
            files={"file": ("speech.m4a", as_m4a(speech.wav))},
            data={"model": "any", "response_format": "verbose_json"},
            timeout=PATIENCE_SECONDS,
        )
        assert answer.json()["text"] == " ".join(each.text for each in speech.sentences)
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=PATIENCE_SECONDS)
        assert (running.returncode, errors) == (0, "")
    assert not (tmp_path / "speech.json").exists()


def test_a_restart_keeps_address_and_key_and_a_taken_port_is_said(tmp_path: Path) -> None:
    with process(tmp_path / "one") as running:
        first = ready(running, tmp_path / "one")
        port = str(urlsplit(first["base_url"]).port)
        with process(tmp_path / "two", "--port", port) as second:
            _, errors = second.communicate(timeout=PATIENCE_SECONDS)
            assert second.returncode == 1
            assert len(errors.splitlines()) == 1
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE_SECONDS) == 0
    with process(tmp_path / "one", "--port", port) as again:
        assert ready(again, tmp_path / "one") == first
