"""The transcription adapter against a real HTTP server with scripted answers."""

import asyncio
import gzip
import json
import logging
import ssl
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr

from services.worker.adapters.models import MAX_DETAIL_CHARACTERS, TranscriptionError, TranscriptLine
from services.worker.adapters.transcription.client import MAX_ANSWER_BYTES, Transcription, TranscriptionAdapter
from shared.contracts.errors import ErrorType

KEY = "gsk_4fTq81LmZx0bVnRpWc7Y"
AUDIO = b"OggS" + bytes(range(256))
HASTY_SECONDS = 0.5
"""A timeout for tests in which no answer comes."""
MISCONFIGURED, LIMITED = ErrorType.TRANSCRIPTION_MISCONFIGURED, ErrorType.TRANSCRIPTION_LIMITED
UNAVAILABLE, REFUSED = ErrorType.TRANSCRIPTION_UNAVAILABLE, ErrorType.TRANSCRIPTION_REFUSED
UNEXPECTED = ErrorType.TRANSCRIPTION_UNEXPECTED


def http(body: object = "", status: int = 200, **headers: str) -> bytes:
    """An answer as it goes over the wire; `retry_after` is the header Retry-After."""
    content = body if isinstance(body, str) else json.dumps(body)
    sent = {"content-length": str(len(content.encode()))} | headers
    lines = [f"HTTP/1.1 {status} .", *(f"{name.replace('_', '-')}: {value}" for name, value in sent.items())]
    return "\r\n".join([*lines, "", content]).encode()


def refusal(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None} | more}


def segment(start: float, end: float, text: str, **more: object) -> dict[str, object]:
    return {"id": 0, "start": start, "end": end, "text": text, "avg_logprob": -0.2, "no_speech_prob": 0.01} | more


def verbose(*segments: dict[str, object], text: str = " Hello.", language: object = "English") -> dict[str, object]:
    return {"task": "transcribe", "language": language, "duration": 60.0, "text": text, "segments": list(segments)}


class Server:
    """Keeps the heads and bodies that it was sent, and answers with `answer`, or never."""

    def __init__(self) -> None:
        self.url = ""
        self.answer = http(verbose(segment(0, 2.5, " Hello.")))
        self.is_stalled = False
        self.drips_seconds: float | None = None
        """So long it waits after each byte of its answer."""
        self.sent_bytes = 0
        self.heads: list[str] = []
        self.fields: dict[str, Any] = {}
        self.file_name: str | None = None
        self.max_kept_bytes = 1 << 20

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer; then the connection is closed."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head.decode())
            self._parse(head.partition(b"\r\n")[2] + await self._body(head, reader))
            if self.is_stalled:
                await reader.read()
            await self._answer(writer)
        except ConnectionError:
            pass  # clients may leave early
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        size = 1 if self.drips_seconds is not None else 1 << 16
        for begin in range(0, len(self.answer), size):
            writer.write(self.answer[begin : begin + size])
            await writer.drain()
            self.sent_bytes += size
            await asyncio.sleep(self.drips_seconds or 0)

    async def _body(self, head: bytes, reader: asyncio.StreamReader) -> bytes:
        left, kept = int(BytesParser().parsebytes(head.partition(b"\r\n")[2])["content-length"]), b""
        while left:
            received = await reader.read(min(left, 1 << 16))
            left -= len(received)
            kept = (kept + received)[: self.max_kept_bytes]
        return kept

    def _parse(self, form: bytes) -> None:
        for part in BytesParser().parsebytes(form).walk():
            name = part.get_param("name", header="content-disposition")
            self.file_name = part.get_filename() or self.file_name
            if name is not None:
                self.fields[str(name)] = part.get_payload(decode=True)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    scripted = Server()
    async with await asyncio.start_server(scripted.converse, "127.0.0.1", 0) as listening:
        scripted.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/openai/v1"
        yield scripted


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    path = tmp_path / "chunk 0.ogg"
    path.write_bytes(AUDIO)
    return path


async def transcribe(
    url: str,
    audio: Path,
    *,
    key: str | None = KEY,
    language: str | None = None,
    duration_seconds: float = 60.0,
    timeout_seconds: float = 20.0,
) -> Transcription:
    secret = SecretStr(key) if key is not None else None
    async with TranscriptionAdapter(
        base_url=url, api_key=secret, model="whisper-large-v3", timeout_seconds=timeout_seconds
    ) as adapter:
        return await adapter.transcribe(audio, language=language, duration_seconds=duration_seconds)


async def failure(url: str, audio: Path, **options: Any) -> TranscriptionError:
    with pytest.raises(TranscriptionError) as caught:
        await transcribe(url, audio, **options)
    assert caught.value.__cause__ is None, "causes may quote what was sent, and would travel into a workflow's history"
    assert len(caught.value.detail) <= MAX_DETAIL_CHARACTERS
    return caught.value


async def test_the_request_is_as_the_api_documents(server: Server, audio: Path) -> None:
    found = await transcribe(server.url, audio, language="en-US")
    assert found == Transcription("en", [TranscriptLine(0, 2.5, "Hello.")])
    assert server.heads[0].startswith("POST /openai/v1/audio/transcriptions HTTP/1.1\r\n")
    assert f"authorization: bearer {KEY.lower()}\r\n" in server.heads[0].lower()
    assert "accept-encoding: identity\r\n" in server.heads[0].lower()
    assert (server.file_name, server.fields.pop("file")) == (audio.name, AUDIO)
    assert server.fields == {
        "model": b"whisper-large-v3",
        "response_format": b"verbose_json",
        "temperature": b"0",
        "language": b"en",
    }


@pytest.mark.parametrize(
    ("language", "hint"),
    [(None, None), ("zh-Hans", b"zh"), ("iw", b"he"), ("fil", b"tl"), ("PT-br", b"pt"), ("eo", None), ("sign", None)],
)
async def test_the_hint_is_a_language_that_whisper_knows(
    server: Server, audio: Path, language: str | None, hint: bytes | None
) -> None:
    await transcribe(server.url, audio, language=language)
    assert server.fields.get("language") == hint


async def test_without_a_key_no_header_is_sent(server: Server, audio: Path) -> None:
    await transcribe(server.url, audio, key=None)
    assert "authorization" not in server.heads[0].lower()


@pytest.fixture
def long_audio(audio: Path) -> Path:
    audio.write_bytes(bytes(25_000_000))
    return audio


async def test_a_file_is_never_in_memory_as_a_whole(server: Server, long_audio: Path) -> None:
    server.max_kept_bytes = 1 << 10
    tracemalloc.start()
    try:
        await transcribe(server.url, long_audio)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert "content-length: 25000" in server.heads[0].lower()


async def test_lines_are_within_the_audio(server: Server, audio: Path) -> None:
    silence: dict[str, object] = {"no_speech_prob": 0.61, "avg_logprob": -1.1}
    server.answer = http(
        verbose(
            segment(0, 3.5, " Moin, “Hafen”!"),
            segment(3.2, 4, " \n"),
            segment(4, 5, "Thanks for watching!", **silence),
            segment(5, 6, "sure", **silence | {"avg_logprob": -1.0}),
            segment(6, 7, "mumbled", **silence | {"no_speech_prob": 0.6}),
            segment(8, 9, "unrated", no_speech_prob=None, avg_logprob=None),
            segment(7.9, 29.98, "till the end"),
            segment(7.5, 7.4, "ends early"),
            segment(-0.01, 1, "begins early"),
            segment(10.2, 10.1, "thereafter"),
        )
    )
    assert (await transcribe(server.url, audio, duration_seconds=10)).lines == [
        TranscriptLine(0, 3.5, "Moin, “Hafen”!"),
        TranscriptLine(0, 1, "begins early"),
        TranscriptLine(5, 6, "sure"),
        TranscriptLine(6, 7, "mumbled"),
        TranscriptLine(7.5, 7.5, "ends early"),
        TranscriptLine(7.9, 10, "till the end"),
        TranscriptLine(8, 9, "unrated"),
        TranscriptLine(10, 10, "thereafter"),
    ]


@pytest.mark.parametrize("segments", [{}, {"segments": None}, {"segments": []}])
async def test_text_without_times_is_one_line(server: Server, audio: Path, segments: dict[str, object]) -> None:
    server.answer = http({"text": " All of it. ", **segments})
    assert await transcribe(server.url, audio) == Transcription(None, [TranscriptLine(0, 60, "All of it.")])
    server.answer = http({"text": " ", **segments})
    assert await transcribe(server.url, audio) == Transcription(None, [])


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("English", "en"),
        ("english", "en"),
        ("en", "en"),
        ("DE", "de"),
        ("haitian creole", "ht"),
        ("cantonese", "yue"),
        ("myanmar", "my"),
        ("pt-br", "pt-BR"),
        ("gibberish", None),
        ("und", None),
        ("", None),
        (None, None),
    ],
)
async def test_a_language_has_one_name(server: Server, audio: Path, said: str | None, code: str | None) -> None:
    server.answer = http(verbose(language=said))
    assert (await transcribe(server.url, audio)).language == code


STATUSES = {
    MISCONFIGURED: [301, 307, 401, 402, 403, 404, 405, 407],
    LIMITED: [429, 498],
    ErrorType.CHUNK_TOO_LARGE: [413],
    UNAVAILABLE: [408, 409, 425, 500, 502, 503, 504, 524],
    REFUSED: [400, 415, 422, 424],
}


@pytest.mark.parametrize(
    ("status", "error_type"), [(status, error_type) for error_type in STATUSES for status in STATUSES[error_type]]
)
async def test_every_status_has_its_type(server: Server, audio: Path, status: int, error_type: ErrorType) -> None:
    server.answer = http(refusal("Please do not."), status, location="http://127.0.0.1:1/elsewhere")
    error = await failure(server.url, audio)
    assert (error.error_type, error.detail) == (error_type, f"HTTP {status}: Please do not.")
    assert len(server.heads) == 1, "neither repeated nor redirected"


@pytest.mark.parametrize(
    ("status", "more"),
    [
        (400, {"code": "model_not_found"}),
        (422, {"type": "model_not_found"}),
        (503, {"code": "model_not_found"}),
        (400, {"code": "model_decommissioned"}),
        (400, {"code": "organization_restricted"}),
        (400, {"code": "blocked_api_access"}),
        (400, {"code": "spend_alert_triggered"}),
        (400, {"code": "model_terms_required"}),
        (400, {"param": "model"}),
        (422, {"message": "Invalid model ID"}),
        (429, {"type": "insufficient_quota"}),
    ],
)
async def test_errors_for_the_operator(server: Server, audio: Path, status: int, more: dict[str, str]) -> None:
    server.answer = http(refusal(**{"message": "The model `whisper-9` does not exist.", **more}), status)
    assert (await failure(server.url, audio)).error_type is MISCONFIGURED


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("<html>Bad gateway</html>", "HTTP 502:"),
        ("", "HTTP 502:"),
        ({"error": "down"}, "HTTP 502:"),
        ({"detail": "The model is being loaded."}, "HTTP 502: The model is being loaded."),
        (refusal("x" * 70_000), "HTTP 502:"),
        (refusal("x" * 5000, code=502), "HTTP 502: " + "x" * (MAX_DETAIL_CHARACTERS - 10)),
    ],
)
async def test_failures_have_the_servers_message(server: Server, audio: Path, body: object, detail: str) -> None:
    server.answer = http(body, 502)
    assert (await failure(server.url, audio)).detail == detail


@pytest.mark.parametrize(
    ("echo", "told"),
    [
        (f"Incorrect API key provided: {KEY}. Find yours.", "Incorrect API key provided: … Find yours."),
        (f"Bad header 'Bearer {KEY}'", "Bad header 'Bearer …"),
        (f"Incorrect API key provided: {KEY[:8]}******{KEY[-4:]}.", "Incorrect API key provided: …"),
        (f"Incorrect API key provided: ****{KEY[-4:]}.", "Incorrect API key provided: …"),
        (f"No key ends with ...{KEY[-6:]}", "No key ends with …"),
        ("x" * 280 + f" {KEY}", "x" * 280 + " …"),
    ],
)
async def test_a_key_is_never_quoted(server: Server, audio: Path, echo: str, told: str) -> None:
    server.answer = http(refusal(echo), 401)
    assert (await failure(server.url, audio)).detail == f"HTTP 401: {told}"


async def test_a_key_is_never_logged(server: Server, audio: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await transcribe(server.url, audio)
    assert server.url in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("key", ["gsk_ä4fTq81LmZx", "gsk_4fTq\n81LmZx", "Bearer gsk_4fTq81LmZx"])
async def test_a_key_that_no_header_can_carry(server: Server, audio: Path, key: str) -> None:
    error = await failure(server.url, audio, key=key)
    assert error.error_type is MISCONFIGURED
    assert "gsk" not in str(error)
    assert server.heads == []


@pytest.mark.parametrize("status", [429, 503])
async def test_how_long_to_wait(server: Server, audio: Path, status: int) -> None:
    server.answer = http(refusal("Slower."), status, retry_after="30")
    assert (await failure(server.url, audio)).retry_after_seconds == 30
    moment = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    server.answer = http(refusal("Slower."), status, retry_after=moment)
    assert (await failure(server.url, audio)).retry_after_seconds == pytest.approx(3600, abs=60)
    server.answer = http(refusal("Slower."), status, retry_after="7.66")
    assert (await failure(server.url, audio)).retry_after_seconds == 7.66
    for nothing in (http(refusal("Slower."), status), http(refusal("Slower."), status, retry_after="soon")):
        server.answer = nothing
        assert (await failure(server.url, audio)).retry_after_seconds is None


@pytest.mark.parametrize(
    "answer",
    [
        http(json.dumps(verbose(segment(0, 1, "Hello.")))[:-9]),
        http("<html>Welcome</html>"),
        http("Hello."),
        http(),
        http([]),
        http(refusal("Something went wrong.")),
        http(verbose({"start": 0, "end": 1})),
        http(verbose({"start": "0", "end": 1, "text": "a"})),
        http(verbose(segment(float("nan"), 1, "a"))),
        http(verbose(segment(0, float("inf"), "a"))),
        http(verbose(segment(-61, 1, "a"))),
        http(verbose(segment(2, -61, "a"))),
        http(verbose(segment(60, 121, "a"))),
        http(verbose(segment(121, 60, "a"))),
        http("garbage", content_encoding="gzip"),
    ],
)
async def test_an_answer_that_makes_no_sense(server: Server, audio: Path, answer: bytes) -> None:
    server.answer = answer
    assert (await failure(server.url, audio)).error_type is UNEXPECTED


@pytest.mark.parametrize("sent_bytes", [0, 12, -5])
async def test_a_server_that_hangs_up(server: Server, audio: Path, sent_bytes: int) -> None:
    server.answer = server.answer[:sent_bytes]
    assert (await failure(server.url, audio)).error_type is UNAVAILABLE


async def test_a_server_that_never_answers(server: Server, audio: Path) -> None:
    server.is_stalled = True
    error = await failure(server.url, audio, timeout_seconds=HASTY_SECONDS)
    assert (error.error_type, error.detail) == (UNAVAILABLE, "no complete answer within 0.5 s")


@pytest.mark.parametrize("status", [200, 429])
async def test_a_server_that_drips(server: Server, audio: Path, status: int) -> None:
    server.answer = http(" " * 1000, status)
    server.drips_seconds = HASTY_SECONDS / 10
    assert (await failure(server.url, audio, timeout_seconds=HASTY_SECONDS)).error_type is UNAVAILABLE
    assert server.sent_bytes < len(server.answer)


@pytest.mark.parametrize(("status", "error_type"), [(200, UNEXPECTED), (400, REFUSED), (503, UNAVAILABLE)])
async def test_an_answer_without_end(server: Server, audio: Path, status: int, error_type: ErrorType) -> None:
    server.answer = http(" " * 5 * MAX_ANSWER_BYTES, status)
    assert (await failure(server.url, audio)).error_type is error_type
    assert server.sent_bytes < 4 * MAX_ANSWER_BYTES


async def test_an_unrequested_compressed_answer(server: Server, audio: Path) -> None:
    head = b"HTTP/1.1 200 .\r\ncontent-encoding: gzip\r\n\r\n"
    server.answer = head + gzip.compress(json.dumps(verbose()).encode())
    assert (await failure(server.url, audio)).error_type is UNEXPECTED


@pytest.mark.parametrize(
    ("url", "error_type"),
    [
        ("http://127.0.0.1:1/v1", UNAVAILABLE),
        ("http://127.0.0.1:port/v1", MISCONFIGURED),
        ("ftp://127.0.0.1/v1", MISCONFIGURED),
        ("127.0.0.1/v1", MISCONFIGURED),
        ("", MISCONFIGURED),
    ],
)
async def test_addresses_without_a_server(audio: Path, url: str, error_type: ErrorType) -> None:
    assert (await failure(url, audio)).error_type is error_type


async def test_the_environment_says_whom_to_trust(
    server: Server, audio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with await asyncio.start_server(server.converse, "127.0.0.1", 0, ssl=context) as listening:
        url = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        assert (await failure(url, audio)).error_type is MISCONFIGURED
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert (await transcribe(url, audio)).language == "en"


async def test_the_environment_names_the_proxy(server: Server, audio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/openai/v1"))
    await transcribe("http://speech.invalid/v1", audio)
    assert server.heads[0].startswith("POST http://speech.invalid/v1/audio/transcriptions ")


@pytest.mark.parametrize(
    ("name", "value"),
    [("SSL_CERT_FILE", "/nowhere.pem"), ("HTTPS_PROXY", "gopher://u:s3cret@x"), ("ALL_PROXY", "http://u:s3cret@x:y")],
)
async def test_an_environment_that_cannot_be_used(
    audio: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="cannot be used") as caught:
        await transcribe("http://127.0.0.1/v1", audio)
    assert "s3cret" not in str(caught.value)


async def test_a_file_that_is_not_there(server: Server, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await transcribe(server.url, tmp_path / "gone.ogg")
    assert server.heads == []
