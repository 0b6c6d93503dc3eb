"""Chapters by YouTube's rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.worker.adapters.models import ExtractedChapter
from services.worker.transcripts.chapters import choose_chapters, parse_chapters

LIST = "0:00 Intro\n0:30 Middle\n1:00 End"


def starts(chapters: list[ExtractedChapter]) -> list[tuple[float, str]]:
    return [(chapter.start_seconds, chapter.title) for chapter in chapters]


def test_a_plain_list_becomes_chapters_without_gaps() -> None:
    assert parse_chapters(f"About us\n\n{LIST}\n\nhttps://example.com", 90) == [
        ExtractedChapter("Intro", 0, 30),
        ExtractedChapter("Middle", 30, 60),
        ExtractedChapter("End", 60, 90),
    ]


@pytest.mark.parametrize(
    "form",
    [
        "{time} {title}",
        "  {time}\t{title}  ",
        "{time} - {title}",
        "{time} – {title}",
        "{time}: {title}",
        "{time} | {title}",
        "({time}) {title}",
        "[{time}] {title}",
        "- {time} {title}",
        "• {time} {title}",
        "▶️ {time} {title}",
        "1. {time} {title}",
        "**{time}** {title}",
        "{time} - 1:23:45 {title}",
        "{time}–1:23:45 – {title}",
        "{title} {time}",
        "{title} - {time}",
        "{title} ({time})",
        "{title} ..... {time}",
        "- {title}: {time}",
        "{title} {time} - 1:23:45",
    ],
)
@pytest.mark.parametrize(
    "times", [("0:00", "1:05", "1:02:03"), ("00:00", "01:05", "62:03"), ("0:00:00", "00:01:05", "01:02:03")]
)
def test_the_usual_forms_of_a_line(form: str, times: tuple[str, str, str]) -> None:
    titles = ("Über uns", "Part (live)", "日本 3")
    lines = [form.format(time=time, title=title) for time, title in zip(times, titles, strict=True)]
    assert starts(parse_chapters("\n".join(lines), None)) == list(zip((0, 65, 3723), titles, strict=True))


@pytest.mark.parametrize(
    ("broken_rule", "description"),
    [
        ("at least three", "0:00 Intro\n0:30 End"),
        ("the first at 0:00", "0:05 Intro\n0:30 Middle\n1:00 End"),
        ("ascending", "0:00 Intro\n1:00 Middle\n0:30 End"),
        ("ascending, none twice", "0:00 Intro\n0:30 Middle\n0:30 End"),
        ("10 seconds or longer", "0:00 Intro\n0:09 Middle\n1:00 End"),
        ("10 seconds or longer, the last one too", "0:00 Intro\n0:30 Middle\n1:55 End"),
        ("with a title", "0:00 Intro\n0:30\n1:00 End"),
        ("within the video", "0:00 Intro\n0:30 Middle\n2:00 End"),
        ("in one way throughout", "0:00 Intro\nMiddle 0:30\n1:00 End"),
        ("a time of a video", "0:00 Intro\n0:61 Middle\n1:00 End"),
        ("a time, not a date or a score", "0:00 Intro\n0:30:1999 Middle\n1:00 End"),
        ("there is a list", ""),
    ],
)
def test_one_broken_rule_and_there_are_no_chapters(broken_rule: str, description: str) -> None:
    assert parse_chapters(description, 120) == [], broken_rule


def test_exactly_ten_seconds_are_enough() -> None:
    assert starts(parse_chapters("0:00 a\n0:10 b\n0:20 c", 30)) == [(0, "a"), (10, "b"), (20, "c")]


def test_times_in_the_text_do_not_spoil_the_list() -> None:
    description = f"At 3:15 he laughs, and we are live at 20:00\n{LIST}\nSee you on Friday at 18:30"
    assert starts(parse_chapters(description, 90)) == [(0, "Intro"), (30, "Middle"), (60, "End")]


def test_times_after_the_end_are_not_chapters_but_do_not_spoil_the_others() -> None:
    chapters = parse_chapters(f"{LIST}\n1:30 Bloopers", 90)
    assert starts(chapters) == [(0, "Intro"), (30, "Middle"), (60, "End")]
    assert chapters[-1].end_seconds == 90


def test_without_a_duration_the_last_chapter_has_no_end() -> None:
    assert [chapter.end_seconds for chapter in parse_chapters(LIST, None)] == [30, 60, None]


def test_youtubes_own_chapters_come_first_and_need_not_obey_the_rules() -> None:
    own = [ExtractedChapter("Hook", 0, 4), ExtractedChapter("Rest", 4, None)]
    assert choose_chapters(own, LIST, 90) == [ExtractedChapter("Hook", 0, 4), ExtractedChapter("Rest", 4, 90)]


def test_the_description_is_read_where_youtube_has_no_chapters() -> None:
    assert choose_chapters([], LIST, 90) == parse_chapters(LIST, 90)


@pytest.mark.parametrize(
    "first", [[], [ExtractedChapter("<Untitled Chapter 1>", 0, 39)], [ExtractedChapter("", 0, 39)]]
)
def test_the_part_before_the_first_named_chapter_is_the_intro(first: list[ExtractedChapter]) -> None:
    own = [*first, ExtractedChapter("Build Quality", 39, 66), ExtractedChapter("Screen", 66, None)]
    assert choose_chapters(own, "", 90) == [
        ExtractedChapter("Intro", 0, 39),
        ExtractedChapter("Build Quality", 39, 66),
        ExtractedChapter("Screen", 66, 90),
    ]


def test_placeholders_alone_are_no_chapters() -> None:
    assert choose_chapters([ExtractedChapter("<Untitled Chapter 1>", 0, 90)], "", 90) == []


def test_youtubes_chapters_are_kept_within_the_video() -> None:
    own = [ExtractedChapter("A", 0, 50), ExtractedChapter("B", 50, 200), ExtractedChapter("C", 100, 200)]
    assert choose_chapters(own, "", 90) == [ExtractedChapter("A", 0, 50), ExtractedChapter("B", 50, 90)]


@given(st.text() | st.from_regex(r"(\d{0,3}:?\d{1,2}:\d\d[ -]?\w*\n){0,8}"), st.none() | st.floats(0, 100_000))
def test_chapters_are_ordered_and_within_the_video_for_any_description(text: str, duration: float | None) -> None:
    chapters = parse_chapters(text, duration)
    assert chapters == [] or (len(chapters) >= 3 and chapters[0].start_seconds == 0)
    for chapter in chapters:
        assert chapter.title
        assert chapter.end_seconds is None or chapter.end_seconds - chapter.start_seconds >= 10
        assert duration is None or (chapter.end_seconds or 0) <= duration
