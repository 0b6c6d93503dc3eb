"""The speech-to-text client against a real HTTP server that answers whatever a test wants."""

import asyncio
import json
import ssl
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import BytesParser
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr

from services.worker.adapters.models import MAX_DETAIL_CHARACTERS, TranscriptionError, TranscriptLine
from services.worker.adapters.transcription import Transcription, TranscriptionAdapter
from shared.contracts.errors import ErrorType
from tests.support.servers import free_port

KEY = "gsk_4fTq81LmZx0bVnRpWc7Y"
HASTY_SECONDS = 0.5
"""A timeout for tests in which no answer comes."""
MISCONFIGURED, LIMITED = ErrorType.TRANSCRIPTION_MISCONFIGURED, ErrorType.TRANSCRIPTION_LIMITED
UNAVAILABLE, REFUSED = ErrorType.TRANSCRIPTION_UNAVAILABLE, ErrorType.TRANSCRIPTION_REFUSED
UNEXPECTED = ErrorType.TRANSCRIPTION_UNEXPECTED


def http(status: int = 200, body: str = "", **headers: str) -> bytes:
    """An answer as it goes over the wire; `retry_after` is the header Retry-After."""
    names = {"Content-Length": str(len(body.encode()))} | {key.replace("_", "-"): headers[key] for key in headers}
    return f"HTTP/1.1 {status} .\r\n{''.join(f'{key}: {names[key]}\r\n' for key in names)}\r\n{body}".encode()
