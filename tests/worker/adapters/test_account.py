"""An account's cookies are used for videos that guests do not get, one video at a time, and are seen nowhere else."""

import logging
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fakes.youtube import ACCOUNT, Audio, FakeVideo, FakeYoutube, Fault, Kind, VideoState, captions, refuse_client
from services.worker.adapters.models import AccessError, YoutubeError
from services.worker.adapters.youtube.access import Access, JsRuntime
from services.worker.adapters.youtube.account import MAX_FILE_BYTES, SPACING_SECONDS, Account
from services.worker.adapters.youtube.audio import AudioAdapter
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.clients import Clients
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.metadata import MetadataAdapter, read_metadata
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionsAnswer
from shared.contracts.youtube_requests import SentRequest
from tests.support.cookies import SECRET, cookie, cookies, cookies_file

ID, OTHER, THIRD = "abcdefghijk", "bbcdefghijk", "cbcdefghijk"
LOCKED = {
    VideoState.MEMBERS_ONLY: ErrorType.MEMBERS_ONLY,
    VideoState.AGE_RESTRICTED: ErrorType.AGE_RESTRICTED,
    VideoState.PRIVATE: ErrorType.VIDEO_PRIVATE,
}


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The operator's file."""
    return cookies_file(tmp_path)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The worker's own."""
    return tmp_path / "account"


@pytest.fixture
def account(source: Path, directory: Path, clock: Clock) -> Account:
    return Account(source, directory, clock=clock)


class Here:
    """The adapters of a worker that has an account."""

    def __init__(self, youtube: FakeYoutube, account: Account) -> None:
        self.logged: list[SentRequest] = []
        access = Access(JsRuntime("deno"), account)
        connection = Connection(youtube.proxy_url, youtube.ca_file, access=access, on_request=self.logged.append)
        clients = Clients(connection)
        self.metadata = MetadataAdapter(connection, clients)
        self.captions = CaptionsAdapter(connection, clients)
        self.audio = AudioAdapter(connection, clients)

    def title(self, youtube_id: str = ID) -> str:
        return read_metadata(youtube_id, self.metadata.ask(youtube_id)).title

    def error(self, youtube_id: str = ID) -> YoutubeError:
        with pytest.raises(YoutubeError) as raised:
            self.metadata.ask(youtube_id)
        return raised.value


@pytest.fixture
def here(fake_youtube: FakeYoutube, account: Account) -> Here:
    return Here(fake_youtube, account)


def locked(youtube_id: str, state: VideoState = VideoState.MEMBERS_ONLY) -> FakeVideo:
    return FakeVideo(
        youtube_id, title="For members", state=state, captions=(captions("en", "Hello"),), audios=(Audio(b"sound"),)
    )


def with_account(youtube: FakeYoutube) -> list[tuple[Kind, str | None]]:
    """What was asked with cookies, but for the player's program."""
    asked = [request for request in youtube.requests if request.account is not None]
    return [(each.kind, each.client) for each in asked if each.kind not in (Kind.SCRIPT, Kind.OTHER)]


def set_cookie(text: str) -> Fault:
    """Let the page set a cookie."""
    return Fault(kind=Kind.WATCH, headers={"set-cookie": f"{text}; Domain=.youtube.com; Path=/; Secure"})


def reads(path: Path) -> set[tuple[str, str]]:
    """Names and values of the cookies in a file."""
    return {(fields[5], fields[6]) for each in path.read_text().splitlines() if len(fields := each.split("\t")) == 7}


@pytest.mark.parametrize("state", LOCKED)
def test_what_a_guest_does_not_get_the_account_does(fake_youtube: FakeYoutube, here: Here, state: VideoState) -> None:
    fake_youtube.library.add(locked(ID, state))
    video = read_metadata(ID, here.metadata.ask(ID))
    assert video.title == "For members"
    assert with_account(fake_youtube) == [(Kind.WATCH, None), (Kind.PLAYER, "WEB_EMBEDDED_PLAYER")]
    first = fake_youtube.requests[0]
    assert (first.kind, first.account) == (Kind.WATCH, None), "a guest asks first"
    transcript = here.captions.fetch(ID, video.caption_track, video.captions_answers)
    assert [each.text for each in transcript.lines] == ["Hello"]
    assert fake_youtube.requests[-1].kind is Kind.TIMEDTEXT
    assert fake_youtube.requests[-1].account is None, "the address is signed: it needs no cookies"
    assert len(here.logged) == len(fake_youtube.requests)


def test_the_audio_of_such_a_video(fake_youtube: FakeYoutube, here: Here) -> None:
    fake_youtube.library.add(locked(ID))
    assert here.audio.find(ID)["url"]
    assert with_account(fake_youtube) == [(Kind.WATCH, None), (Kind.PLAYER, "WEB_EMBEDDED_PLAYER")]


def test_the_next_client_is_asked_where_one_is_refused(fake_youtube: FakeYoutube, here: Here) -> None:
    fake_youtube.library.add(locked(ID))
    fake_youtube.faults.add(refuse_client("WEB_EMBEDDED_PLAYER", "not available"))
    assert here.title() == "For members"
    assert with_account(fake_youtube)[-1] == (Kind.PLAYER, "TVHTML5")


def test_captions_whose_address_has_expired_are_looked_up_with_the_account(
    fake_youtube: FakeYoutube, here: Here
) -> None:
    fake_youtube.library.add(locked(ID))
    transcript = here.captions.fetch(ID, None, {"web": CaptionsAnswer.GATED})
    assert [each.text for each in transcript.lines] == ["Hello"]


@pytest.mark.parametrize("state", [VideoState.OK, VideoState.UNAVAILABLE, VideoState.PAYMENT_REQUIRED, VideoState.KIDS])
def test_for_no_other_video_is_it_used(fake_youtube: FakeYoutube, here: Here, state: VideoState) -> None:
    fake_youtube.library.add(locked(ID, state))
    for ask in (here.metadata.ask, here.audio.find):
        with suppress(YoutubeError):
            ask(ID)
    assert with_account(fake_youtube) == []


def test_guests_stay_guests_afterwards(fake_youtube: FakeYoutube, here: Here) -> None:
    fake_youtube.library.add(locked(ID), locked(OTHER, VideoState.OK))
    here.title()
    seen = len(fake_youtube.requests)
    here.audio.find(OTHER)
    assert "fake_signed_in" not in {request.visitor_data for request in fake_youtube.requests[seen:]}


def test_what_the_account_may_not_watch_ends_as_for_a_guest(fake_youtube: FakeYoutube, here: Here) -> None:
    fake_youtube.library.add(locked(ID, VideoState.AGE_RESTRICTED))
    for client in ("WEB_EMBEDDED_PLAYER", "TVHTML5"):
        fake_youtube.faults.add(refuse_client(client, "no reason"))
    assert here.error().error_type is ErrorType.AGE_RESTRICTED


def test_one_video_at_a_time(fake_youtube: FakeYoutube, here: Here, clock: Clock) -> None:
    fake_youtube.library.add(locked(ID), locked(OTHER), locked(THIRD))
    here.title()
    waits = [here.error(OTHER), here.error(THIRD), here.error(OTHER)]
    assert {each.error_type for each in waits} == {ErrorType.ACCOUNT_BUSY}
    seconds = [(each.not_before - datetime.now(UTC)).total_seconds() for each in waits if each.not_before]
    assert seconds[0] == pytest.approx(seconds[2], abs=5), "its turn is kept"
    assert seconds[1] == pytest.approx(seconds[0] + SPACING_SECONDS, abs=5)
    here.title()  # another call about the same video
    clock.now += SPACING_SECONDS
    assert here.error(THIRD).error_type is ErrorType.ACCOUNT_BUSY
    assert here.title(OTHER) == "For members"
    clock.now += SPACING_SECONDS
    assert here.title(THIRD) == "For members"


def test_a_turn_that_comes_late_moves_the_next_one(fake_youtube: FakeYoutube, here: Here, clock: Clock) -> None:
    fake_youtube.library.add(locked(ID), locked(OTHER), locked(THIRD))
    here.title()
    here.error(OTHER)
    here.error(THIRD)
    clock.now += 2 * SPACING_SECONDS - 1
    here.title(OTHER)
    clock.now += 1
    assert here.error(THIRD).error_type is ErrorType.ACCOUNT_BUSY


def test_refreshed_cookies_are_kept_in_the_copy_alone(
    fake_youtube: FakeYoutube, here: Here, source: Path, directory: Path
) -> None:
    fake_youtube.library.add(locked(ID))
    exported = source.read_text()
    fake_youtube.faults.add(set_cookie("SIDCC=refreshed"))
    here.title()
    assert source.read_text() == exported
    copied = reads(directory / "cookies.txt")
    assert {("LOGIN_INFO", ACCOUNT), ("SAPISID", SECRET), ("SIDCC", "refreshed")} <= copied
    assert not {name for name, _ in copied} & {"SID", "DAMAGED"}, "other sites' cookies are none of the worker's"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir() if path.name != "lock"} == {0o600}
    fake_youtube.faults.clear()
    again = Here(fake_youtube, Account(source, directory))  # a worker that is started again
    again.title()
    assert ("SIDCC", "refreshed") in reads(directory / "cookies.txt")


def test_a_damaged_copy_is_made_anew(fake_youtube: FakeYoutube, here: Here, directory: Path) -> None:
    fake_youtube.library.add(locked(ID))
    here.title()
    (directory / "cookies.txt").write_text("cut off")
    assert here.title() == "For members"


CAPTCHA = '{"playabilityStatus": {"status": "UNPLAYABLE", "errorScreen": {"playerCaptchaViewModel": {}}}}'
REFUSALS = {
    "signed out": set_cookie("LOGIN_INFO=; Max-Age=0"),
    "captcha": Fault(kind=Kind.PLAYER, client="WEB_EMBEDDED_PLAYER", body=CAPTCHA),
    "denied": Fault(kind=Kind.PLAYER, client="WEB_EMBEDDED_PLAYER", status=403),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_ends_its_use_until_the_file_changes(
    fake_youtube: FakeYoutube, here: Here, account: Account, source: Path, directory: Path, refusal: Fault
) -> None:
    fake_youtube.library.add(locked(ID), locked(OTHER))
    fake_youtube.faults.add(refusal)
    assert here.error().error_type is ErrorType.MEMBERS_ONLY
    fake_youtube.faults.clear()
    seen = len(fake_youtube.requests)
    assert here.error().error_type is ErrorType.MEMBERS_ONLY
    assert here.error(OTHER).error_type is ErrorType.MEMBERS_ONLY, "nobody waits for an account that is not used"
    assert {request.account for request in fake_youtube.requests[seen:]} == {None}
    assert not (directory / "cookies.txt").exists()
    with pytest.raises(AccessError, match="anew"):
        account.check()
    with pytest.raises(AccessError, match="anew"):
        Account(source, directory).check()
    source.write_text(cookies() + cookie("NEW", "1"))
    account.check()
    assert here.title() == "For members"


def test_stale_cookies_are_noticed_on_the_page(fake_youtube: FakeYoutube, here: Here, source: Path) -> None:
    source.write_text(cookies(login="somebody-else"))
    fake_youtube.library.add(locked(ID, VideoState.AGE_RESTRICTED))
    assert here.error().error_type is ErrorType.AGE_RESTRICTED
    assert with_account(fake_youtube) == [(Kind.WATCH, None)]


def test_a_failed_connection_says_nothing_about_the_account(
    fake_youtube: FakeYoutube, here: Here, account: Account
) -> None:
    fake_youtube.library.add(locked(ID))
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, client="WEB_EMBEDDED_PLAYER", status=503))
    assert here.error().error_type is ErrorType.UPSTREAM_UNAVAILABLE
    account.check()


def test_the_cookies_are_seen_nowhere(
    fake_youtube: FakeYoutube, here: Here, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    fake_youtube.library.add(locked(ID))
    found = here.metadata.ask(ID)
    media = here.audio.find(ID)
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, client="WEB_EMBEDDED_PLAYER", body="{}"))
    error = here.error()
    assert caplog.records
    texts = [caplog.text, *capfd.readouterr(), str(found), str(media), repr(error), str(here.logged)]
    for secret in (SECRET, ACCOUNT, "SAPISIDHASH"):
        assert [text for text in texts if secret in text] == []


def closed_to_others(source: Path) -> None:
    source.chmod(0o640)


def gone(source: Path) -> None:
    source.unlink()


def directory_instead(source: Path) -> None:
    source.unlink()
    source.mkdir(0o700)


def pipe_instead(source: Path) -> None:
    source.unlink()
    os.mkfifo(source, 0o600)


def json_instead(source: Path) -> None:
    source.write_text(f'[{{"name": "LOGIN_INFO", "value": "{SECRET}"}}]')


def guests_cookies(source: Path) -> None:
    source.write_text(cookies().replace("LOGIN_INFO", "VISITOR_INFO1_LIVE"))


def other_file(source: Path) -> None:
    source.write_bytes(b"\xff\x00" * MAX_FILE_BYTES)


@pytest.mark.parametrize(
    "spoil",
    [closed_to_others, gone, directory_instead, pipe_instead, json_instead, guests_cookies, other_file],
)
def test_a_file_that_cannot_be_used_says_why(account: Account, source: Path, spoil: Callable[[Path], None]) -> None:
    spoil(source)
    with pytest.raises(AccessError, match="YOUTUBE_COOKIES_FILE") as refused:
        account.check()
    assert SECRET not in str(refused.value)
    assert str(source) not in str(refused.value)


def test_a_file_that_cannot_be_used_is_done_without(fake_youtube: FakeYoutube, here: Here, source: Path) -> None:
    source.chmod(0o644)
    fake_youtube.library.add(locked(ID))
    assert here.error().error_type is ErrorType.MEMBERS_ONLY
    assert with_account(fake_youtube) == []
    source.chmod(0o600)
    assert here.title() == "For members"


def test_another_users_file_is_not_read(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(AccessError, match="another user"):
        account.check()


def test_a_wait_names_a_time_that_is_ahead(fake_youtube: FakeYoutube, here: Here, clock: Clock) -> None:
    fake_youtube.library.add(locked(ID), locked(OTHER))
    here.title()
    clock.now += SPACING_SECONDS - 0.001
    not_before = here.error(OTHER).not_before
    assert not_before is not None
    assert not_before > datetime.now(UTC) + timedelta(seconds=1)
