"""A fake transcription server with an OpenAI-compatible API, on a thread of its own."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from fakes.speech.faults import SpeechFault, SpeechFaults
from fakes.speech.sound import SAMPLE_BYTES, SAMPLE_RATE, decoded

MAX_BYTES = 25 * 1024 * 1024
LIMIT_SAID = {"error": {"message": "Request Entity Too Large", "type": "invalid_request_error", "code": "too_large"}}
WRONG_KEY = {"error": {"message": "Invalid API Key", "type": "invalid_request_error", "code": "invalid_api_key"}}


@dataclass(frozen=True)
class SpeechSegment:
    """One segment of speech."""

    start_seconds: float
    end_seconds: float
    text: str


Transcribe = Callable[[bytes], Sequence[SpeechSegment]]
"""The speech in 16 kHz mono PCM of 16 bits."""


@dataclass
class SpeechRequest:
    """One request, whatever its answer was."""

    at: float
    """Seconds since the epoch."""
    file_name: str
    byte_count: int
    duration_seconds: float
    model: str
    language: str | None
    status: int | None = None
    """None: not answered yet."""


class FakeTranscriptionServer:
    """Its properties and methods may be used from any thread."""

    def __init__(self, hear: Transcribe, key: str | None, port: int) -> None:
        self.key = key
        self.requests: list[SpeechRequest] = []
        self.faults = SpeechFaults()
        self._hear = hear
        self._socket = socket.create_server(("127.0.0.1", port))
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        routes = [Route("/v1/audio/transcriptions", self._transcribe, methods=["POST"])]
        config = uvicorn.Config(Starlette(routes=routes), lifespan="off", log_config=None, access_log=False)
        self._server = uvicorn.Server(config)

    @classmethod
    @asynccontextmanager
    async def start(
        cls, hear: Transcribe, *, key: str | None = None, port: int = 0
    ) -> AsyncIterator["FakeTranscriptionServer"]:
        """A running server; with `key`, requests have to send it."""
        server = cls(hear, key, port)
        thread = threading.Thread(
            target=lambda: asyncio.run(server._server.serve([server._socket])), name="speech-server", daemon=True
        )
        thread.start()
        try:
            yield server
        finally:
            server._server.should_exit = server._server.force_exit = True
            await asyncio.to_thread(thread.join)

    def clear(self) -> None:
        """Forget the requests and the faults."""
        self.requests.clear()
        self.faults.clear()

    async def _transcribe(self, request: Request) -> Response:
        async with request.form() as form:
            file = form["file"]
            assert isinstance(file, UploadFile)
            content = await file.read()
        audio = await asyncio.to_thread(decoded, content)
        duration_seconds = len(audio) / SAMPLE_RATE / SAMPLE_BYTES
        asked = SpeechRequest(
            at=time.time(),
            file_name=file.filename or "",
            byte_count=len(content),
            duration_seconds=duration_seconds,
            model=str(form["model"]),
            language=str(form["language"]) if "language" in form else None,
        )
        self.requests.append(asked)
        fault = self.faults.take(duration_seconds, len(self.requests)) or SpeechFault()
        await asyncio.sleep(fault.stall_seconds)
        response = await self._answer(request, content, audio, fault)
        asked.status = response.status_code
        return response if fault.cut_after_bytes is None else _CutOff(response, fault.cut_after_bytes)

    async def _answer(self, request: Request, content: bytes, audio: bytes, fault: SpeechFault) -> Response:
        if fault.status is not None or fault.body is not None:
            return Response(fault.body or "", fault.status or 200, fault.headers, "application/json")
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return _json(WRONG_KEY, HTTPStatus.UNAUTHORIZED)
        if len(content) > MAX_BYTES:
            return _json(LIMIT_SAID, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        heard = [] if fault.is_silent else await asyncio.to_thread(self._hear, audio)
        return _json(_verbose(heard, len(audio) / SAMPLE_RATE / SAMPLE_BYTES))


class _CutOff(Response):
    """Hangs up in the middle of another response."""

    def __init__(self, whole: Response, after_bytes: int) -> None:
        super().__init__(whole.body, whole.status_code, dict(whole.headers))
        self._after_bytes = after_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        part = bytes(self.body[: self._after_bytes])
        await send({"type": "http.response.body", "body": part, "more_body": True})


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, media_type="application/json")


def _verbose(heard: Sequence[SpeechSegment], duration_seconds: float) -> dict[str, Any]:
    """`verbose_json` as Groq sends it."""
    return {
        "task": "transcribe",
        "language": "English",
        "duration": duration_seconds,
        "text": " ".join(each.text for each in heard),
        "segments": [
            {
                "id": number,
                "seek": 0,
                "start": each.start_seconds,
                "end": each.end_seconds,
                "text": f" {each.text}",
                "tokens": [],
                "temperature": 0,
                "avg_logprob": -0.1,
                "compression_ratio": 1.2,
                "no_speech_prob": 0.01,
            }
            for number, each in enumerate(heard)
        ],
        "x_groq": {"id": "req_test"},
    }
