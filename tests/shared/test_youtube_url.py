"""Every form of address that people paste, and the reasons given for the others."""

from string import ascii_letters, digits

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.youtube.video_urls import (
    MAX_URL_CHARACTERS,
    InvalidUrlReason,
    InvalidYoutubeUrlError,
    parse_youtube_id,
)

ID = "aB3-_9xYz01"
IDS = st.text(ascii_letters + digits + "-_", min_size=11, max_size=11).filter(
    lambda youtube_id: youtube_id not in ("videoseries", "live_stream")
)

ACCEPTED = [
    ID,
    f"  {ID}\n",
    f"https://www.youtube.com/watch?v={ID}",
    f"http://www.youtube.com/watch?v={ID}",
    f"www.youtube.com/watch?v={ID}",
    f"youtube.com/watch?v={ID}",
    f"//www.youtube.com/watch?v={ID}",
    f"HTTPS://WWW.YouTube.COM/watch?v={ID}",
    f"https://www.youtube.com./watch?v={ID}",
    f"https://www.youtube.com:443/watch?v={ID}",
    f"https://www.youtube.com/watch?v={ID}&t=42s",
    f"https://www.youtube.com/watch?app=desktop&list=PLxyz&index=3&v={ID}&pp=ygU%3D",
    f"https://www.youtube.com/watch?v={ID}#t=1m30s",
    f"https://www.youtube.com/watch/?v={ID}",
    f"https://www.youtube.com/watch?v={ID}%20",
    f"https://www.youtube.com/watch?v={ID}&next=https://example.com/",
    f"www.youtube.com/watch?v={ID}&next=https://example.com/",
    f"https://www.youtube.com/watch/{ID}",
    f"https://www.youtube.com/?v={ID}",
    f"https://m.youtube.com/watch?v={ID}&feature=youtu.be",
    f"https://music.youtube.com/watch?v={ID}&list=RDAMVM{ID}",
    f"https://youtu.be/{ID}",
    f"youtu.be/{ID}?si=AbCdEf_123&t=7",
    f"https://youtu.be/{ID}/",
    f"https://youtu.be/{ID}#t=5",
    f"https://www.youtube.com/shorts/{ID}?feature=share",
    f"https://youtube.com/live/{ID}?si=x",
    f"https://www.youtube.com/embed/{ID}?start=10&autoplay=1",
    f"https://www.youtube.com/v/{ID}",
    f"https://www.youtube.com/e/{ID}",
    f"https://www.youtube-nocookie.com/embed/{ID}",
    f"https://www.youtubekids.com/watch?v={ID}",
    f"https://www.youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3D{ID}%26feature%3Dshare",
    f"https://www.youtube.com/attribution_link?u=https%3A%2F%2Fyoutu.be%2F{ID}",
    f"\ufeff\u200b https://youtu.be/{ID} \u200e",
]

REFUSED = {
    InvalidUrlReason.EMPTY: ["", "   ", "\n\t", "\u200b \ufeff"],
    InvalidUrlReason.TOO_LONG: [f"https://youtu.be/{ID}?x=" + "a" * MAX_URL_CHARACTERS],
    InvalidUrlReason.NOT_YOUTUBE: [
        "hello",
        "hello world",
        "https://vimeo.com/12345678901",
        f"https://example.com/watch?v={ID}",
        f"https://youtube.com.example.com/watch?v={ID}",
        f"https://www.youtube.com@example.com/watch?v={ID}",
        f"https://notyoutube.com/watch?v={ID}",
        f"ftp://www.youtube.com/watch?v={ID}",
        f"javascript://www.youtube.com/watch?v={ID}",
        f"https://youtu.be/{ID}\nhttps://youtu.be/{ID}",
        "https://[::1/watch",
        "https://ｙｏｕｔｕｂｅ.com/watch?v=" + ID,
        f"https://www.youtube.com/attribution_link?u=https%3A%2F%2Fexample.com%2Fwatch%3Fv%3D{ID}",
    ],
    InvalidUrlReason.PLAYLIST: [
        "https://www.youtube.com/playlist?list=PL8dPuuaLjXtOAKed_MxxWBNaPno5h3Zs8",
        "https://music.youtube.com/playlist?list=OLAK5uy_abcdefghijk",
        "https://music.youtube.com/browse/VLPLabc",
        "https://www.youtube.com/watch?list=PL8dPuuaLjXtOAKed_MxxWBNaPno5h3Zs8",
        "https://www.youtube.com/watch?v=&list=PLabc",
        "https://youtu.be/?list=PLabc",
        "https://www.youtube.com/embed/videoseries?list=PLabc",
        "PL8dPuuaLjXtOAKed_MxxWBNaPno5h3Zs8",
    ],
    InvalidUrlReason.CHANNEL: [
        "https://www.youtube.com/@somebody",
        "https://www.youtube.com/@somebody/videos",
        "https://www.youtube.com/@somebody/live",
        "https://www.youtube.com/channel/UCTwECeGqMZee77BjdoYtI2Q",
        "https://www.youtube.com/c/somebody",
        "https://www.youtube.com/user/somebody/videos",
        "https://www.youtube.com/embed/live_stream?channel=UCTwECeGqMZee77BjdoYtI2Q",
        "UCTwECeGqMZee77BjdoYtI2Q",
        "@somebody",
    ],
    InvalidUrlReason.VIDEO_ID_MISSING: [
        "https://www.youtube.com",
        "https://www.youtube.com/",
        "https://www.youtube.com/watch",
        "https://www.youtube.com/watch?v=",
        "https://youtu.be/",
        "https://www.youtube.com/shorts/",
        "https://www.youtube.com/feed/trending",
        "https://www.youtube.com/results?search_query=durable",
        "https://www.youtube.com/attribution_link?a=x",
        "https://www.youtube.com/attribution_link?u=%2Fattribution_link%3Fu%3D%252Fwatch%253Fv%253D" + ID,
    ],
    InvalidUrlReason.VIDEO_ID_INVALID: [
        ID[:-1],
        ID + "x",
        f"https://www.youtube.com/watch?v={ID[:-1]}",
        f"https://www.youtube.com/watch?v={ID}x",
        f"https://www.youtube.com/watch?v={ID[:-1]}é",
        f"https://youtu.be/{ID[:-1]}.",
        "https://www.youtube.com/watch?v=aB3%20_9xYz0",
        "https://www.youtube.com/shorts/short",
    ],
}


@pytest.mark.parametrize("text", ACCEPTED)
def test_every_usual_form_of_address_names_its_video(text: str) -> None:
    assert parse_youtube_id(text) == ID


@pytest.mark.parametrize(("reason", "text"), [(reason, text) for reason, texts in REFUSED.items() for text in texts])
def test_other_texts_are_refused_with_the_reason(reason: InvalidUrlReason, text: str) -> None:
    with pytest.raises(InvalidYoutubeUrlError) as refusal:
        parse_youtube_id(text)
    assert refusal.value.reason_code is reason


def test_the_longest_allowed_text_is_read() -> None:
    address = f"https://youtu.be/{ID}?x="
    assert parse_youtube_id(address + "a" * (MAX_URL_CHARACTERS - len(address))) == ID


@given(IDS)
def test_every_id_is_found_in_every_form(youtube_id: str) -> None:
    for text in ACCEPTED:
        assert parse_youtube_id(text.replace(ID, youtube_id)) == youtube_id


@given(st.text() | st.text().map(lambda rest: f"https://www.youtube.com/{rest}"))
@example("https://www.youtube.com/watch?v=" + "\ud800" * 11)
@example("http://[")
@example("https://youtube.com:port/watch")
@example("//")
@example("://?")
def test_no_text_whatever_breaks_it(text: str) -> None:
    try:
        youtube_id = parse_youtube_id(text)
    except InvalidYoutubeUrlError:
        return
    assert len(youtube_id) == 11
    assert youtube_id.isascii()
