"""Speech-to-text: the client of the API that OpenAI, Groq and most local Whisper servers share.

One answer is judged in two places: `transcription_errors` for what failed, `_Answer` for what came.
"""

import asyncio
import re
import ssl
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import httpx
import langcodes
from pydantic import BaseModel, ConfigDict, FiniteFloat, SecretStr

from services.worker.adapters import bounds
from services.worker.adapters.models import TranscriptionError, TranscriptLine
from services.worker.adapters.transcription.errors import exception_error, refusal_error
from services.worker.adapters.youtube.errors import retry_after_seconds
from shared.contracts.errors import ErrorType
from shared.contracts.transcription import WHISPER_LANGUAGES
from shared.settings import InvalidSettingError

CONNECT_SECONDS = 10.0

NO_SPEECH_PROBABILITY, LOG_PROBABILITY = 0.6, -1.0
"""A segment above the one and below the other is silence: `no_speech_threshold` and `logprob_threshold` of
openai/whisper's `transcribe`. Not every server leaves such segments out."""

FAR_SECONDS = 60.0
"""Times so far outside the audio belong to other audio. Nearer ones are Whisper's: it pads its last 30 s with silence,
in which a segment may end, and servers that refine times move them by a few frames."""

MAX_ANSWER_BYTES = 10_000_000
"""Half an hour of fast speech, with the times of every word, is a tenth of that."""
MAX_REFUSAL_BYTES = 64_000

_WHISPER_NAMES = {"iw": "he", "in": "id", "ji": "yi", "fil": "tl", "nb": "no", "cmn": "zh"}
"""YouTube's codes of languages for which Whisper has another code."""

_UNUSABLE_KEY = re.compile(r"[^!-~]")
_KEY_PART_CHARACTERS, _MASK = 6, "***"
"""Servers quote a wrong key, in full or with its middle masked."""
_MAX_MESSAGE_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Transcription:
    """The text of one chunk of audio; times are relative to its start. Silence has no lines."""

    language: str | None
    """The BCP 47 code of the spoken language; None: the server did not say."""
    lines: list[TranscriptLine]


class TranscriptionAdapter(AbstractAsyncContextManager["TranscriptionAdapter"]):
    """Transcribes audio files. Close it after use; one is enough for any number of concurrent calls.

    The environment's HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR apply, as they do
    for most programs (httpx' `trust_env`). An SSL_CERT_FILE replaces the public authorities.
    """

    def __init__(self, *, base_url: str, api_key: SecretStr | None, model: str, timeout_seconds: float) -> None:
        """`base_url` and `api_key` are as `Settings` has them; `timeout_seconds` is for a request and its whole answer.

        Raises InvalidSettingError if the environment names a proxy or a file of certificates that cannot be used.
        """
        self._url = f"{base_url}/audio/transcriptions"
        self._key = api_key.get_secret_value() if api_key is not None else ""
        self._model = model
        self._timeout_seconds = timeout_seconds
        try:
            # No connection is used twice: a server may close an idle one at the moment of the next request.
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(None, connect=CONNECT_SECONDS), limits=httpx.Limits(max_keepalive_connections=0)
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            reason = f"HTTPS_PROXY, SSL_CERT_FILE or one of their like cannot be used: {error}"
            raise InvalidSettingError(reason) from error

    async def __aexit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def transcribe(self, audio: Path, *, language: str | None, duration_seconds: float) -> Transcription:
        """Transcribe `audio`; `language` is a hint, `duration_seconds` bounds the times.

        Raises TranscriptionError, and OSError for a file that cannot be read.
        """
        try:
            response, body = await self._post(audio, language)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as failure:
            # Without the cause: it may quote what was sent.
            raise self._error(exception_error(failure), f"{type(failure).__name__}: {failure}") from None
        if not response.is_success:
            raise self._refusal(response, body)
        try:
            return _answer(body).transcription(duration_seconds)
        except ValueError as error:
            detail = f"HTTP {response.status_code} with an invalid answer: {error}"
            raise self._error(ErrorType.TRANSCRIPTION_UNEXPECTED, detail) from None

    async def _post(self, audio: Path, language: str | None) -> tuple[httpx.Response, bytes]:
        """Send the request; returns the response and its body, of which at most one byte too many is read."""
        fields = {"model": self._model, "response_format": "verbose_json", "temperature": "0"}
        hint = _hint(language)
        if hint is not None:
            fields["language"] = hint
        headers = self._headers()
        with await asyncio.to_thread(audio.open, "rb") as file:
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    return await self._send(headers, fields, file)
            except TimeoutError:
                detail = f"no complete answer within {self._timeout_seconds:g} s"
                raise self._error(ErrorType.TRANSCRIPTION_UNAVAILABLE, detail) from None

    async def _send(
        self, headers: dict[str, str], fields: dict[str, str], file: BinaryIO
    ) -> tuple[httpx.Response, bytes]:
        async with self._client.stream("POST", self._url, headers=headers, data=fields, files={"file": file}) as got:
            return got, await _read(got, MAX_ANSWER_BYTES if got.is_success else MAX_REFUSAL_BYTES)

    def _headers(self) -> dict[str, str]:
        if _UNUSABLE_KEY.search(self._key):  # httpx would quote it in an exception
            detail = "the API key has characters that no header can carry"
            raise TranscriptionError(ErrorType.TRANSCRIPTION_MISCONFIGURED, detail)
        headers = {"Accept-Encoding": "identity"}  # a compressed body may expand a thousandfold
        return headers | ({"Authorization": f"Bearer {self._key}"} if self._key else {})

    def _refusal(self, response: httpx.Response, body: bytes) -> TranscriptionError:
        error_type, message = refusal_error(response.status_code, body)
        detail = f"HTTP {response.status_code}: {message[:_MAX_MESSAGE_CHARACTERS]}"
        return self._error(error_type, detail, retry_after_seconds(response.headers.get("Retry-After")))

    def _error(self, error_type: ErrorType, detail: str, wait_seconds: float | None = None) -> TranscriptionError:
        detail = " ".join("…" if self._is_of_key(word) else word for word in detail.split())
        return TranscriptionError(error_type, detail, retry_after_seconds=wait_seconds)

    def _is_of_key(self, word: str) -> bool:
        """Whether `word` may contain a part of the key."""
        size = min(len(self._key), _KEY_PART_CHARACTERS)
        parts = (self._key[begin : begin + size] for begin in range(len(self._key) - size + 1))
        return _MASK in word or (size > 0 and any(part in word for part in parts))


async def _read(response: httpx.Response, max_bytes: int) -> bytes:
    """Read the raw body; of one that is too long, the beginning with one byte too many."""
    body = bytearray()
    async for block in response.aiter_raw():
        body += block
        if len(body) > max_bytes:
            break
    return bytes(body[: max_bytes + 1])


class _Segment(BaseModel):
    """A segment of speech, in seconds from the start of the audio."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    start: FiniteFloat
    end: FiniteFloat
    text: str
    no_speech_prob: float | None = None
    avg_logprob: float | None = None

    @property
    def is_silence(self) -> bool:
        """Whether Whisper itself takes this for silence."""
        if self.no_speech_prob is None or self.avg_logprob is None:
            return False
        return self.no_speech_prob > NO_SPEECH_PROBABILITY and self.avg_logprob < LOG_PROBABILITY


class _Answer(BaseModel):
    """A `verbose_json` answer; servers without times of their own leave `segments` out."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    text: str
    language: str | None = None
    segments: list[_Segment] | None = None

    def transcription(self, duration_seconds: float) -> Transcription:
        """Convert the answer for audio of that length. Raises ValueError for times that are not of this audio."""
        segments = self.segments or [_Segment(start=0, end=duration_seconds, text=self.text)]
        _check_times(segments, duration_seconds)
        lines = sorted(_lines(segments, duration_seconds), key=lambda line: line.start_seconds)
        return Transcription(_language_code(self.language), lines)


def _check_times(segments: list[_Segment], duration_seconds: float) -> None:
    for segment in segments:
        first, last = sorted((segment.start, segment.end))
        if first < -FAR_SECONDS or last > duration_seconds + FAR_SECONDS:
            raise ValueError(f"a segment from {segment.start} s to {segment.end} s, in {duration_seconds} s of audio")


def _lines(segments: list[_Segment], duration_seconds: float) -> Iterator[TranscriptLine]:
    for segment in segments:
        text = segment.text.strip()[: bounds.MAX_LINE_CHARACTERS]
        if text and not segment.is_silence:
            start_seconds = min(max(segment.start, 0.0), duration_seconds)
            yield TranscriptLine(start_seconds, min(max(segment.end, start_seconds), duration_seconds), text)


def _answer(body: bytes) -> _Answer:
    """Parse an answer. Raises ValueError where it is too long or invalid."""
    if len(body) > MAX_ANSWER_BYTES:
        raise ValueError(f"more than {MAX_ANSWER_BYTES} bytes")
    return _Answer.model_validate_json(body)


def _hint(language: str | None) -> str | None:
    """Whisper's code of a language; None where it has none."""
    code = (language or "").partition("-")[0].lower()
    code = _WHISPER_NAMES.get(code, code)
    return code if code in WHISPER_LANGUAGES else None


def _language_code(name: str | None) -> str | None:
    """The code of a language that a server names: "English", "english" or "en"."""
    if not name:
        return None
    try:
        code = langcodes.standardize_tag(name) if langcodes.tag_is_valid(name) else langcodes.find(name).to_tag()
    except LookupError:
        return None
    return None if code == "und" else code
