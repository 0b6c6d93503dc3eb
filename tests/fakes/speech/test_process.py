"""The server as a process, as `make demo` runs it: it recognises what the voice says."""

import signal
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen
from urllib.parse import urlsplit

import httpx

from fakes.announced import PATIENCE_SECONDS, announced_process, announcement
from fakes.speech.sound import as_m4a
from fakes.speech.voice import numbered_sentences


def process(directory: Path, *options: str) -> AbstractContextManager[Popen[str]]:
    return announced_process("fakes.speech", directory, *options)


def ready(running: Popen[str], directory: Path) -> dict[str, str]:
    """How the process is reached, once it can be."""
    place, printed = announcement(running, directory / "speech.json")
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
