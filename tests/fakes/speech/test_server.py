"""The speech-to-text server answers as Groq does, and fails as it is told to."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from fakes.speech.faults import SpeechFault
from fakes.speech.server import MAX_BYTES, FakeTranscriptionServer, SpeechSegment
from fakes.speech.sound import SAMPLE_BYTES, SAMPLE_RATE, as_webm
from fakes.youtube.model import silence
from tests.support.waiting import eventually

KEY = "gsk_a-secret-of-the-tests"


def two_lines(sound: bytes) -> Sequence[SpeechSegment]:
    """The same two lines, and how long the sound was."""
    return [
        SpeechSegment(0, 1, "It floats."),
        SpeechSegment(1, 2, f"For {len(sound) / SAMPLE_RATE / SAMPLE_BYTES:.1f} s."),
    ]


@pytest.fixture
async def server() -> AsyncIterator[FakeTranscriptionServer]:
    async with FakeTranscriptionServer.start(two_lines, key=KEY) as running:
        yield running


async def ask(
    server: FakeTranscriptionServer, *, sound: bytes | None = None, key: str = KEY, **fields: str
) -> httpx.Response:
    """The answer to two seconds of silence, or to `sound`."""
    async with httpx.AsyncClient(timeout=30) as client:
        return await client.post(
            f"{server.base_url}/audio/transcriptions",
            headers={"Authorization": f"Bearer {key}"},
            files={"file": ("piece.ogg", silence(2) if sound is None else sound)},
            data={"model": "whisper-large-v3", "response_format": "verbose_json", **fields},
        )


@pytest.mark.parametrize("sound", [silence(2), as_webm(silence(2))], ids=["wav", "webm"])
async def test_it_answers_with_what_it_hears(server: FakeTranscriptionServer, sound: bytes) -> None:
    said: dict[str, Any] = (await ask(server, sound=sound)).json()
    assert (said["task"], said["language"]) == ("transcribe", "English")
    assert said["duration"] == pytest.approx(2, abs=0.05)
    assert said["text"] == "It floats. For 2.0 s."
    lines = [(line["id"], line["start"], line["end"], line["text"]) for line in said["segments"]]
    assert lines == [(0, 0, 1, " It floats."), (1, 1, 2, " For 2.0 s.")]


async def test_a_request_is_noted(server: FakeTranscriptionServer) -> None:
    await ask(server, language="de")
    await ask(server)
    first, second = server.requests
    assert (first.file_name, first.byte_count, first.duration_seconds) == ("piece.ogg", len(silence(2)), 2)
    assert (first.model, first.language, first.status) == ("whisper-large-v3", "de", 200)
    assert second.language is None
    assert first.at <= second.at
    server.clear()
    assert server.requests == []


async def test_a_wrong_key_is_refused(server: FakeTranscriptionServer) -> None:
    answer = await ask(server, key="gsk_another")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
    assert [request.status for request in server.requests] == [401]


async def test_without_a_key_everybody_is_served() -> None:
    async with FakeTranscriptionServer.start(two_lines) as server:
        assert (await ask(server, key="whatever")).status_code == 200


async def test_a_file_over_the_limit_is_refused(server: FakeTranscriptionServer) -> None:
    sound = silence(MAX_BYTES // 8000 + 1)
    assert (await ask(server, sound=sound)).status_code == 413


class TestFaults:
    async def test_a_status_happens_as_often_as_it_should_with_its_headers(
        self, server: FakeTranscriptionServer
    ) -> None:
        server.faults.add(SpeechFault(times=2, status=429, headers={"Retry-After": "7"}))
        answers = [await ask(server) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [429, 429, 200]
        assert answers[0].headers["retry-after"] == "7"
        assert [request.status for request in server.requests] == [429, 429, 200]

    async def test_a_body_replaces_the_answer(self, server: FakeTranscriptionServer) -> None:
        server.faults.add(SpeechFault(times=1, body="{"))
        answer = await ask(server)
        assert (answer.status_code, answer.text) == (200, "{")

    async def test_only_longer_pieces_fail(self, server: FakeTranscriptionServer) -> None:
        server.faults.add(SpeechFault(status=413, longer_than_seconds=2))
        answers = [await ask(server, sound=silence(seconds)) for seconds in (2, 3)]
        assert [answer.status_code for answer in answers] == [200, 413]

    async def test_the_first_requests_are_spared(self, server: FakeTranscriptionServer) -> None:
        server.faults.add(SpeechFault(status=503, after_requests=1))
        assert [(await ask(server)).status_code for _ in range(3)] == [200, 503, 503]

    async def test_an_answer_is_cut(self, server: FakeTranscriptionServer) -> None:
        server.faults.add(SpeechFault(times=1, cut_after_bytes=10))
        with pytest.raises(httpx.RemoteProtocolError, match="received 10 bytes"):
            await ask(server)
        assert (await ask(server)).status_code == 200

    async def test_nothing_is_heard(self, server: FakeTranscriptionServer) -> None:
        server.faults.add(SpeechFault(is_silent=True))
        said = (await ask(server)).json()
        assert (said["text"], said["segments"]) == ("", [])

    async def test_cleared_faults_do_not_happen(self, server: FakeTranscriptionServer) -> None:
        server.faults.add(SpeechFault(status=500))
        server.clear()
        assert (await ask(server)).status_code == 200


async def test_a_stalled_request_is_noted_and_does_not_keep_the_server_from_stopping() -> None:
    async with FakeTranscriptionServer.start(two_lines) as server:
        server.faults.add(SpeechFault(stall_seconds=3600))
        waiting = asyncio.create_task(ask(server))

        async def has_come() -> bool:
            return bool(server.requests)

        await eventually(has_come)
        assert server.requests[0].status is None
    await asyncio.gather(waiting, return_exceptions=True)  # hung up on, or told so, whichever was first
    with pytest.raises(httpx.ConnectError):
        await ask(server)
