"""The account that the operator lends for videos that guests do not get: its cookies, and when they may be used.

Cookies are as good as a password. They are copied from the operator's file to a directory of the worker's own, and what
YouTube refreshes is written to the copy. They leave this module only as the jar for requests to YouTube; no text that
is made here quotes the file.
"""

import io
import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.cookiejar import LoadError
from pathlib import Path

from pydantic import BaseModel, ValidationError
from yt_dlp.cookies import YoutubeDLCookieJar

from services.worker.adapters.models import AccessError, YoutubeError
from services.worker.adapters.youtube.errors import AccountRefusal, account_refusal
from shared.contracts.errors import ErrorType
from shared.file_lock import lock
from shared.logs import get_logger

SPACING_SECONDS = 30.0
"""At most one video in this time, per worker process."""
LATENESS_SECONDS = 600.0
"""How long a video may come after its turn before it has to wait for another one. Meanwhile its other calls pass."""
MARGIN_SECONDS = 10.0
"""Added to a wait, so that the video's turn has come when it is back, and that the workflow learns of it in time."""
MAX_FILE_BYTES = 1 << 20

_COPY, _STATE, _LOCK = "cookies.txt", "state.json", "lock"
_UNFINISHED = "tmp-"

_HEADER = "# Netscape HTTP Cookie File\n"
_HTTP_ONLY = "#HttpOnly_"
_FIELDS = 7
_YOUTUBE = re.compile(r"\.?(www\.)?youtube\.com")
_SECONDS = re.compile(r"(\d+(\.\d+)?)?")
_SIGNED_IN, _KEYS = "LOGIN_INFO", frozenset({"SAPISID", "__Secure-1PAPISID", "__Secure-3PAPISID"})
"""The cookies by which yt-dlp knows an account."""

_FILE = "YOUTUBE_COOKIES_FILE"
_CLOSED = {
    AccountRefusal.SIGNED_OUT: "YouTube has signed the account out",
    AccountRefusal.BOT_CHECK: "YouTube takes the account for a bot",
    AccountRefusal.DENIED: "YouTube denies requests of the account",
}

logger = get_logger(__name__)


class _State(BaseModel):
    source: str = ""
    """The version of the operator's file that was copied."""
    closed: AccountRefusal | None = None
    """Why the copy is not used until the operator's file changes."""


class Account:
    """One account. Its methods block and may be called from several threads at once."""

    def __init__(self, source: Path, directory: Path | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Describe the account.

        Args:
            source: The operator's file, in Netscape's format.
            directory: For the worker's copy; it is made when the account is used first.
            clock: Returns seconds.
        """
        self._source = source
        self._directory = directory
        self._turns = _Turns(clock)

    def check(self) -> str:
        """Return how many cookies there are. Writes nothing. Raises AccessError if the account cannot be used."""
        if self._directory is None:
            raise AccessError(f"{_FILE} needs YOUTUBE_ACCOUNT_DIRECTORY as well.")
        text, version = self._read_source()
        state = self._state(self._directory)
        if state.source == version and state.closed is not None:
            raise AccessError(f"{_CLOSED[state.closed]}: export its cookies to {_FILE} anew.")
        return f"{len(read_cookies(text))} cookies"

    @contextmanager
    def signed_in(self, youtube_id: str) -> Iterator[YoutubeDLCookieJar]:
        """Lend the cookies for requests about one video; nobody else on this machine has them meanwhile.

        A YoutubeError within that says that YouTube no longer takes the cookies ends their use until the operator's
        file changes.

        Raises:
            AccessError: The cookies cannot be used, or not any longer.
            YoutubeError: ACCOUNT_BUSY, when it is the turn of other videos.
        """
        self.check()
        self._turns.take(youtube_id)
        with self._locked() as directory:
            cookies = self._load(directory)
            try:
                yield cookies
            except YoutubeError as error:
                refusal = account_refusal(error)
                if refusal is not None:
                    self._close(directory, refusal)
                    raise AccessError(f"{_CLOSED[refusal]}.") from None
                _save(directory, cookies)
                raise
            _save(directory, cookies)

    def _load(self, directory: Path) -> YoutubeDLCookieJar:
        """The copy; made anew where the operator's file is another one."""
        text, version = self._read_source()
        state = self._state(directory)
        if state.source == version:
            if state.closed is not None:
                raise AccessError(f"{_CLOSED[state.closed]}.")
            try:
                return read_cookies((directory / _COPY).read_text(encoding="utf-8"))
            except (OSError, ValueError, AccessError):
                logger.warning("youtube_account_copied_anew")
        cookies = read_cookies(text)
        _save(directory, cookies)
        _write(directory, _STATE, _State(source=version).model_dump_json())
        return cookies

    def _close(self, directory: Path, refusal: AccountRefusal) -> None:
        logger.warning("youtube_account_closed", reason=refusal)
        closed = self._state(directory).model_copy(update={"closed": refusal})
        _write(directory, _STATE, closed.model_dump_json())
        (directory / _COPY).unlink(missing_ok=True)

    def _read_source(self) -> tuple[str, str]:
        """The text of the operator's file, and what tells its versions apart."""
        try:
            with open(os.open(self._source, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # a pipe must not block
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise AccessError(f"{_FILE} is not a file.")
                if status.st_uid != os.geteuid():
                    raise AccessError(f"{_FILE} belongs to another user: change its owner.")
                if stat.S_IMODE(status.st_mode) & 0o077:
                    raise AccessError(f"{_FILE} is open to other users: `chmod 600` closes it.")
                content = file.read(MAX_FILE_BYTES)
        except OSError as error:
            raise AccessError(f"{_FILE} cannot be read ({error.strerror}).") from None
        return content.decode(errors="replace"), f"{status.st_ino} {status.st_mtime_ns} {status.st_size}"

    def _state(self, directory: Path) -> _State:
        try:
            return _State.model_validate_json((directory / _STATE).read_bytes())
        except (OSError, ValidationError):
            return _State()

    @contextmanager
    def _locked(self) -> Iterator[Path]:
        assert self._directory is not None  # noqa: S101 - `check` has seen to it
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._directory.chmod(0o700)
            file = (self._directory / _LOCK).open("w")
        except OSError as error:
            raise AccessError(f"YOUTUBE_ACCOUNT_DIRECTORY cannot be written to ({error.strerror}).") from None
        with file:
            lock(file)
            yield self._directory


class _Turns:
    """Which video may use the account, and when."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._turns: dict[str, float] = {}
        self._latest_video = ""
        self._latest_at = float("-inf")

    def take(self, youtube_id: str) -> None:
        """Begin the video's turn. Raises ACCOUNT_BUSY with the time of its turn, which is kept for it."""
        with self._lock:
            now = self._clock()
            self._turns = {video: at for video, at in self._turns.items() if at > now - LATENESS_SECONDS}
            at = self._turns.get(youtube_id)
            if at is None:
                at = max([now, *(taken + SPACING_SECONDS for taken in self._turns.values())])
            if youtube_id != self._latest_video:
                at = max(at, self._latest_at + SPACING_SECONDS)
            self._turns[youtube_id] = at
            if at > now:
                not_before = datetime.now(UTC) + timedelta(seconds=at - now + MARGIN_SECONDS)
                raise YoutubeError(ErrorType.ACCOUNT_BUSY, "other videos come first", not_before=not_before)
            if youtube_id != self._latest_video:
                self._latest_video, self._latest_at = youtube_id, now


def read_cookies(text: str) -> YoutubeDLCookieJar:
    """Read YouTube's cookies from the text of a file in Netscape's format; those of other sites are left out.

    Raises AccessError if they are not those of an account.
    """
    lines = [line for line in text.splitlines() if _is_youtubes(line)]  # yt-dlp prints what it cannot read
    cookies = YoutubeDLCookieJar()
    with suppress(LoadError):  # whose text quotes the line
        cookies.load(io.StringIO("\n".join([_HEADER, *lines, ""])))
    names = {cookie.name for cookie in cookies}
    if _SIGNED_IN not in names or not _KEYS & names:
        raise AccessError(f"{_FILE} has no cookies of an account on youtube.com in Netscape's format.")
    return cookies


def _is_youtubes(line: str) -> bool:
    fields = line.removeprefix(_HTTP_ONLY).split("\t")
    if len(fields) != _FIELDS or (fields[1] == "TRUE") != fields[0].startswith("."):
        return False
    return _YOUTUBE.fullmatch(fields[0]) is not None and _SECONDS.fullmatch(fields[4]) is not None


def _save(directory: Path, cookies: YoutubeDLCookieJar) -> None:
    text = io.StringIO()
    cookies.save(text)
    _write(directory, _COPY, text.getvalue())


def _write(directory: Path, name: str, text: str) -> None:
    """Replace a file as a whole; the lock has to be held."""
    unfinished = directory / f"{_UNFINISHED}{name}"
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    unfinished.replace(directory / name)
