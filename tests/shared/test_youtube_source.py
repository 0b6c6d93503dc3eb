"""Every form in which people paste a playlist or a channel, and the reasons given for the others."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.contracts.batches import ChannelTab, SourceKind
from shared.youtube.source_urls import (
    InvalidSourceError,
    InvalidSourceReason,
    Source,
    parse_source,
    tab_of,
)
from shared.youtube.video_urls import MAX_URL_CHARACTERS

VIDEO = "aB3-_9xYz01"
PLAYLIST = "PL8dPuuaLjXtOAKed_MxxWBNaPno5h3Zs8"
CHANNEL = "UCTwECeGqMZee77BjdoYtI2Q"
ALBUM = "OLAK5uy_l1m0thk3g31NmIIz_vMIbWtyv7eZixlH0"
EDITORS = "RDCLAK5uy_m_h-nx7OCFaq9AlyXv78lG0AuloqW_NUA"

PLAYLISTS = {
    PLAYLIST: [
        PLAYLIST,
        f" \u200b{PLAYLIST}\n",
        f"https://www.youtube.com/playlist?list={PLAYLIST}",
        f"http://m.youtube.com/playlist?list={PLAYLIST}&si=x",
        f"youtube.com/playlist?app=desktop&list={PLAYLIST}",
        f"https://music.youtube.com/playlist?list={PLAYLIST}",
        f"https://music.youtube.com/browse/VL{PLAYLIST}",
        f"https://www.youtube.com/watch?v={VIDEO}&list={PLAYLIST}&index=3",
        f"https://www.youtube.com/watch?list={PLAYLIST}",
        f"https://youtu.be/{VIDEO}?list={PLAYLIST}",
        f"https://www.youtube.com/embed/videoseries?list={PLAYLIST}",
        f"https://www.youtube.com/attribution_link?u=%2Fplaylist%3Flist%3D{PLAYLIST}",
    ],
    "UUTwECeGqMZee77BjdoYtI2Q": ["UUTwECeGqMZee77BjdoYtI2Q"],
    "FLTwECeGqMZee77BjdoYtI2Q": ["FLTwECeGqMZee77BjdoYtI2Q"],
    ALBUM: [ALBUM, f"https://music.youtube.com/playlist?list={ALBUM}"],
    EDITORS: [EDITORS, f"https://music.youtube.com/watch?v={VIDEO}&list={EDITORS}"],
    "PLBB231211A4F62143": ["https://www.youtube.com/playlist?list=PLBB231211A4F62143"],
}

CHANNELS = {
    f"channel/{CHANNEL}": [
        CHANNEL,
        f"https://www.youtube.com/channel/{CHANNEL}",
        f"https://m.youtube.com/channel/{CHANNEL}/featured?view=1",
        f"music.youtube.com/channel/{CHANNEL}",
        f"https://music.youtube.com/browse/{CHANNEL}",
        f"https://www.youtube.com/embed/live_stream?channel={CHANNEL}",
    ],
    "@some.body-1": [
        "@some.body-1",
        "\ufeff@some.body-1 ",
        "@Some.Body-1",
        "https://www.youtube.com/@some.body-1",
        "https://www.youtube.com/@some.body-1/videos",
        "https://www.youtube.com/@some.body-1/About",
        "youtube.com/@SOME.BODY-1/featured?view=1",
        "https://www.youtube.com/%40some.body-1",
    ],
    "@%E3%83%86%E3%82%B9%E3%83%88": [
        "@テスト",
        "https://www.youtube.com/@テスト/featured",
        "https://www.youtube.com/@%e3%83%86%E3%82%B9%E3%83%88",
    ],
    "@m%C3%BCller": ["@müller", "@mu\u0308ller", "@MÜLLER", "@MU\u0308LLER"],
    "c/creativecommons": ["https://www.youtube.com/c/CreativeCommons", "www.youtube.com/c/creativecommons/about"],
    "user/creativecommons": ["https://www.youtube.com/user/creativecommons#p/u", "youtube.com/user/creativeCommons"],
}

REFUSED = {
    InvalidSourceReason.EMPTY: ["", " \u200b\n"],
    InvalidSourceReason.TOO_LONG: [f"https://www.youtube.com/@{'a' * MAX_URL_CHARACTERS}"],
    InvalidSourceReason.NOT_YOUTUBE: [
        "hello",
        f"https://vimeo.com/playlist?list={PLAYLIST}",
        f"https://www.youtube.com/@one\nhttps://www.youtube.com/playlist?list={PLAYLIST}",
        "http://[",
    ],
    InvalidSourceReason.SINGLE_VIDEO: [
        VIDEO,
        f"https://www.youtube.com/watch?v={VIDEO}",
        f"https://youtu.be/{VIDEO}?si=x",
        f"https://www.youtube.com/shorts/{VIDEO}",
        "PL8dPuuaLjX",
        "LL8dPuuaLjX",
    ],
    InvalidSourceReason.MIX: [
        f"https://www.youtube.com/watch?v={VIDEO}&list=RD{VIDEO}&start_radio=1",
        f"https://music.youtube.com/watch?v={VIDEO}&list=RDAMVM{VIDEO}",
        f"https://music.youtube.com/playlist?list=RDAMPL{PLAYLIST}",
        "https://www.youtube.com/watch?list=RDMM",
        f"https://www.youtube.com/watch?v={VIDEO}&list=UL{VIDEO}",
        "PUTwECeGqMZee77BjdoYtI2Q",
        f"RDEM{VIDEO}",
    ],
    InvalidSourceReason.PRIVATE_LIST: [
        "WL",
        "https://www.youtube.com/playlist?list=WL",
        f"https://www.youtube.com/watch?v={VIDEO}&list=WL",
        "https://www.youtube.com/playlist?list=LL",
        "LLTwECeGqMZee77BjdoYtI2Q",
        "https://music.youtube.com/playlist?list=LM",
        "https://www.youtube.com/feed/history",
        "https://www.youtube.com/feed/subscriptions",
    ],
    InvalidSourceReason.CHANNEL_TAB: [
        "https://www.youtube.com/@somebody/live",
        "https://www.youtube.com/@somebody/whatever/videos",
        f"https://www.youtube.com/channel/{CHANNEL}/playlists",
        "https://www.youtube.com/c/somebody/community",
        "https://www.youtube.com/user/somebody/releases",
    ],
    InvalidSourceReason.NOT_A_LIST: [
        "https://www.youtube.com/@..",
        "https://www.youtube.com/c/..",
        "https://www.youtube.com/user/.",
        "https://www.youtube.com/@%2E%2E/videos",
        "https://www.youtube.com",
        "https://www.youtube.com/feed/trending",
        "https://www.youtube.com/results?search_query=durable",
        "https://www.youtube.com/playlist",
        "https://www.youtube.com/playlist?list=PLabc",
        f"https://www.youtube.com/playlist?list={PLAYLIST}ü",
        "https://www.youtube.com/channel/UCshort",
        "https://www.youtube.com/watch?v=short",
        "https://music.youtube.com/browse/MPREb_abcdefghijk",
        "https://www.youtube.com/@",
        "https://www.youtube.com/@a%2Fb",
        "https://www.youtube.com/@a%2541",
        "https://www.youtube.com/attribution_link?u=%2Fattribution_link%3Fu%3D%252F%2540a",
    ],
}


@pytest.mark.parametrize(
    ("list_id", "text"), [(list_id, text) for list_id, texts in PLAYLISTS.items() for text in texts]
)
def test_every_usual_form_of_a_playlist_has_one_address(list_id: str, text: str) -> None:
    assert parse_source(text) == Source(SourceKind.PLAYLIST, f"https://www.youtube.com/playlist?list={list_id}")


@pytest.mark.parametrize(("path", "text"), [(path, text) for path, texts in CHANNELS.items() for text in texts])
def test_every_usual_form_of_a_channel_leads_to_its_uploads(path: str, text: str) -> None:
    assert parse_source(text) == Source(SourceKind.CHANNEL, f"https://www.youtube.com/{path}/videos")


@pytest.mark.parametrize(("reason", "text"), [(reason, text) for reason, texts in REFUSED.items() for text in texts])
def test_other_texts_are_refused_with_the_reason(reason: InvalidSourceReason, text: str) -> None:
    with pytest.raises(InvalidSourceError) as refusal:
        parse_source(text)
    assert refusal.value.reason_code is reason


FOLDERS = ["", "@", "%40", "c/", "user/", "channel/UC", "browse/", "playlist?list=", "watch?v=x&list=PL"]
PASTED = st.text() | st.builds(lambda folder, rest: f"youtube.com/{folder}{rest}", st.sampled_from(FOLDERS), st.text())


@given(PASTED)
@example("@\ud800")
@example("youtube.com/@%ff%fe")
@example("@\u0130\u03a3")
@example("@a?list=" + PLAYLIST)
@example("https://youtube.com:port/@a")
def test_any_text_gives_a_source_that_reads_as_itself_or_a_reason(text: str) -> None:
    try:
        source = parse_source(text)
    except InvalidSourceError:
        return
    assert source.url.isascii()
    assert parse_source(source.url) == source


@pytest.mark.parametrize(
    ("address", "tab"),
    [
        ("@somebody/shorts", ChannelTab.SHORTS),
        ("https://www.youtube.com/@somebody/Streams?view=2", ChannelTab.STREAMS),
        (f"https://m.youtube.com/channel/{CHANNEL}/shorts", ChannelTab.SHORTS),
        ("@somebody", ChannelTab.VIDEOS),
        ("@somebody/featured", ChannelTab.VIDEOS),
        (PLAYLIST, None),
    ],
)
def test_the_address_of_a_tab_means_that_tab(address: str, tab: ChannelTab | None) -> None:
    assert tab_of(parse_source(address).url) is tab


def test_a_channel_has_other_tabs_and_a_playlist_has_none() -> None:
    assert parse_source("@somebody").at(ChannelTab.SHORTS) == parse_source("@somebody/shorts")
    assert parse_source("@somebody/shorts").at(ChannelTab.VIDEOS) == parse_source("@somebody")
    assert parse_source("@somebody/shorts").at(None) == parse_source("@somebody/shorts")
    assert parse_source(PLAYLIST).at(ChannelTab.SHORTS) == parse_source(PLAYLIST)
