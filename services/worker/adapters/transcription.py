"""Speech-to-text: the client of the API that OpenAI, Groq and most local Whisper servers share.

One answer is judged in two places: `_error_type` for what failed, `_Answer` for what came.
"""

import asyncio
import re
import ssl
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType

import httpx
import langcodes
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, SecretStr, ValidationError

from services.worker.adapters.errors import retry_after_seconds
from services.worker.adapters.models import TranscriptionError, TranscriptLine
from shared.contracts.errors import ErrorType

CONNECT_SECONDS = 10.0

NO_SPEECH_PROBABILITY, LOG_PROBABILITY = 0.6, -1.0
"""A segment above the one and below the other is silence: `no_speech_threshold` and `logprob_threshold` of
openai/whisper's `transcribe`. Not every server leaves such segments out."""

WINDOW_SECONDS = 30.0
"""Whisper hears windows of this length and fills the last one up with silence, in which a segment may end."""
ORDER_SLACK_SECONDS = 1.0
"""A segment may begin this much before the one in front of it: servers that refine times do so by a few frames."""

_WHISPER_LANGUAGES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha he hi hr ht hu hy id is it "
    "ja ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn "
    "so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh"
)
"""Of openai/whisper's `LANGUAGES` those with two letters: servers refuse a request with any other language."""
_WHISPER_NAMES = {"iw": "he", "in": "id", "ji": "yi", "fil": "tl", "nb": "no", "cmn": "zh"}
"""What YouTube calls languages that Whisper knows by another code."""

_STATUSES = {
    **dict.fromkeys((401, 402, 403, 404, 405, 407), ErrorType.TRANSCRIPTION_MISCONFIGURED),
    **dict.fromkeys((429, 498), ErrorType.TRANSCRIPTION_LIMITED),  # 498: Groq has no capacity left
    413: ErrorType.CHUNK_TOO_LARGE,
    **dict.fromkeys((408, 409, 425), ErrorType.TRANSCRIPTION_UNAVAILABLE),
}
_STATUS_CLASSES = {3: ErrorType.TRANSCRIPTION_MISCONFIGURED, 4: ErrorType.TRANSCRIPTION_REFUSED}
"""Of the other statuses. The address of a redirect belongs into the settings: the key is not carried anywhere else."""

_OPERATOR_CODES = frozenset(
    {"model_not_found", "model_decommissioned", "organization_restricted", "insufficient_quota"}
)
"""An error's `code` or `type` that nobody but the operator can do something about, whatever the status is."""

_EXCEPTIONS: tuple[tuple[type[BaseException], ErrorType], ...] = (
    (ssl.SSLCertVerificationError, ErrorType.TRANSCRIPTION_MISCONFIGURED),
    (httpx.InvalidURL, ErrorType.TRANSCRIPTION_MISCONFIGURED),
    (httpx.UnsupportedProtocol, ErrorType.TRANSCRIPTION_MISCONFIGURED),
    (httpx.DecodingError, ErrorType.TRANSCRIPTION_UNEXPECTED),
    (httpx.HTTPError, ErrorType.TRANSCRIPTION_UNAVAILABLE),
    (ssl.SSLError, ErrorType.TRANSCRIPTION_UNAVAILABLE),
)
"""The first that is found in an exception or its causes decides."""

_UNUSABLE_KEY = re.compile(r"[^!-~]")
_KEY_PART_CHARACTERS, _MASK = 6, "***"
"""Servers quote a wrong key, whole or with its middle masked."""
_MAX_MESSAGE_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Transcription:
    """What was said in one piece of audio; times are relative to its beginning. Silence has no lines."""

    language: str | None
    """The BCP 47 code of the language that was heard; None: the server did not say."""
    lines: list[TranscriptLine]


class TranscriptionAdapter(AbstractAsyncContextManager["TranscriptionAdapter"]):
    """Turns audio files into text. To be closed; one is enough for any number of concurrent calls.

    The environment's HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR count, as they do
    for most programs (httpx' `trust_env`). An SSL_CERT_FILE takes the place of the public authorities.
    """

    def __init__(self, *, base_url: str, api_key: SecretStr | None, model: str, timeout_seconds: float) -> None:
        """`base_url` ends before `/audio/transcriptions`; `timeout_seconds` is for every wait but connecting.

        Raises ValueError if the environment names a proxy or a file of certificates that cannot be used.
        """
        self._url = f"{base_url.rstrip('/')}/audio/transcriptions"
        self._key = api_key.get_secret_value().strip() if api_key is not None else ""
        self._model = model
        try:
            self._client = httpx.AsyncClient(timeout=httpx.Timeout(timeout_seconds, connect=CONNECT_SECONDS))
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            raise ValueError(f"HTTPS_PROXY, SSL_CERT_FILE or one of their like cannot be used: {error}") from error

    async def __aexit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def transcribe(self, audio: Path, *, language: str | None, duration_seconds: float) -> Transcription:
        """What is said in `audio`; `language` is a hint, `duration_seconds` bounds the times.

        Raises TranscriptionError and nothing else (but OSError for a file that cannot be read).
        """
        try:
            response = await self._post(audio, language)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as failure:
            # Without the cause: it may quote what was sent.
            raise self._error(_exception_error_type(failure), f"{type(failure).__name__}: {failure}") from None
        if not response.is_success:
            raise self._refusal(response)
        try:
            return _Answer.model_validate_json(response.content).transcription(duration_seconds)
        except ValueError as error:
            detail = f"HTTP {response.status_code} with an answer that makes no sense: {error}"
            raise self._error(ErrorType.TRANSCRIPTION_UNEXPECTED, detail) from None

    async def _post(self, audio: Path, language: str | None) -> httpx.Response:
        fields = {"model": self._model, "response_format": "verbose_json", "temperature": "0"}
        hint = _hint(language)
        if hint is not None:
            fields["language"] = hint
        headers = self._headers()
        with await asyncio.to_thread(audio.open, "rb") as file:
            return await self._client.post(self._url, headers=headers, data=fields, files={"file": file})

    def _headers(self) -> dict[str, str]:
        if _UNUSABLE_KEY.search(self._key):  # httpx would quote it in an exception
            detail = "the API key has characters that no header can carry"
            raise TranscriptionError(ErrorType.TRANSCRIPTION_MISCONFIGURED, detail)
        return {"Authorization": f"Bearer {self._key}"} if self._key else {}

    def _refusal(self, response: httpx.Response) -> TranscriptionError:
        refusal = _refusal(response.content)
        detail = f"HTTP {response.status_code}: {refusal.message[:_MAX_MESSAGE_CHARACTERS]}"
        wait_seconds = retry_after_seconds(response.headers.get("Retry-After"))
        return self._error(_error_type(response.status_code, refusal), detail, wait_seconds)

    def _error(self, error_type: ErrorType, detail: str, wait_seconds: float | None = None) -> TranscriptionError:
        detail = " ".join("…" if self._is_of_key(word) else word for word in detail.split())
        return TranscriptionError(error_type, detail, retry_after_seconds=wait_seconds)

    def _is_of_key(self, word: str) -> bool:
        """Whether `word` may tell something of the key."""
        size = min(len(self._key), _KEY_PART_CHARACTERS)
        parts = (self._key[begin : begin + size] for begin in range(len(self._key) - size + 1))
        return _MASK in word or (size > 0 and any(part in word for part in parts))


class _Segment(BaseModel):
    """A piece of speech, in seconds from the beginning of the audio."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    start: FiniteFloat = Field(ge=0)
    end: FiniteFloat
    text: str
    no_speech_prob: float | None = None
    avg_logprob: float | None = None

    @property
    def is_silence(self) -> bool:
        """Whether Whisper itself takes this for something that was not said."""
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
        """The answer for audio of that length. Raises ValueError for times that cannot be."""
        segments = self.segments or [_Segment(start=0, end=duration_seconds, text=self.text)]
        _check_times(segments, duration_seconds)
        lines = sorted(_lines(segments, duration_seconds), key=lambda line: line.start_seconds)
        return Transcription(_language_code(self.language), lines)


def _check_times(segments: list[_Segment], duration_seconds: float) -> None:
    for before, segment in pairwise([segments[0], *segments]):
        if segment.end < segment.start or segment.start < before.start - ORDER_SLACK_SECONDS:
            raise ValueError("the segments are not in order")
        if segment.end > duration_seconds + WINDOW_SECONDS:
            raise ValueError(f"a segment ends at {segment.end} s, the audio at {duration_seconds} s")


def _lines(segments: list[_Segment], duration_seconds: float) -> Iterator[TranscriptLine]:
    for segment in segments:
        text = segment.text.strip()
        if text and not segment.is_silence:
            yield TranscriptLine(min(segment.start, duration_seconds), min(segment.end, duration_seconds), text)


class _Refusal(BaseModel):
    """What OpenAI's clients look for in the body of a failure."""

    message: str = ""
    code: str | int | None = None
    type: str | None = None


class _Failure(BaseModel):
    """The body of a failure, in OpenAI's form or in FastAPI's."""

    error: _Refusal | None = None
    detail: str = ""


def _refusal(body: bytes) -> _Refusal:
    """What a failure's body says; nothing where it is something else, such as the page of a proxy."""
    try:
        failure = _Failure.model_validate_json(body)
    except ValidationError:
        return _Refusal()
    return failure.error or _Refusal(message=failure.detail)


def _error_type(status: int, refusal: _Refusal) -> ErrorType:
    if _OPERATOR_CODES & {refusal.code, refusal.type}:
        return ErrorType.TRANSCRIPTION_MISCONFIGURED
    by_class = _STATUS_CLASSES.get(status // 100, ErrorType.TRANSCRIPTION_UNAVAILABLE)
    return _STATUSES.get(status, by_class)


def _exception_error_type(failure: BaseException) -> ErrorType:
    causes: list[BaseException] = []
    cause: BaseException | None = failure
    while cause is not None:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return next(found for kind, found in _EXCEPTIONS if any(isinstance(each, kind) for each in causes))


def _hint(language: str | None) -> str | None:
    """The language as Whisper knows it; None where a hint would not be understood."""
    code = (language or "").partition("-")[0].lower()
    code = _WHISPER_NAMES.get(code, code)
    return code if code in _WHISPER_LANGUAGES.split() else None


def _language_code(said: str | None) -> str | None:
    """The code of a language that a server names: "English", "english" or "en"."""
    if not said:
        return None
    try:
        code = langcodes.standardize_tag(said) if langcodes.tag_is_valid(said) else langcodes.find(said).to_tag()
    except LookupError:
        return None
    return None if code == "und" else code
