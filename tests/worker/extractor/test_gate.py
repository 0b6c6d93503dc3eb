"""Whether a version of yt-dlp fits, tried with copies of the real one that differ in one thing."""

from pathlib import Path

import pytest
from yt_dlp.extractor.youtube.jsc._builtin import vendor

from services.worker.extractor import gate, versions
from services.worker.extractor.contract import Argument, Contract, Member, describe, differences
from services.worker.extractor.replay.scenarios import replay_all
from services.worker.extractor.selftest_process import SelftestReport
from services.worker.extractor.updates import GateUnavailableError
from tests.worker.extractor.record_answers import Recorder
from tests.worker.extractor.releases import (
    IMPORT_ERROR,
    KILLED,
    NEWER,
    NEWEST,
    ONE_MORE_REQUEST,
    RENAMED,
    Edits,
    unpacked,
)

PLAIN = "POSITIONAL_OR_KEYWORD"


async def test_a_version_that_does_the_same_passes(tmp_path: Path) -> None:
    assert await gate.problems(unpacked(tmp_path / "it", NEWER), NEWER) == []


@pytest.mark.parametrize(
    ("edits", "kind"),
    [(IMPORT_ERROR, "import"), (RENAMED, "contract"), (ONE_MORE_REQUEST, "requests")],
    ids=["import", "contract", "requests"],
)
async def test_a_version_that_is_broken_does_not(tmp_path: Path, edits: Edits, kind: str) -> None:
    found = await gate.problems(unpacked(tmp_path / "it", NEWER, edits), NEWER)
    assert kind in {problem.partition(":")[0] for problem in found}


async def test_a_test_that_a_signal_ends_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(GateUnavailableError):
        await gate.problems(unpacked(tmp_path / "it", NEWER, KILLED), NEWER)


@pytest.mark.parametrize(("version", "place"), [(NEWEST, "it"), (NEWER, "elsewhere")])
def test_what_was_imported_has_to_be_the_version(tmp_path: Path, version: str, place: str) -> None:
    expected = SelftestReport(version=NEWER, location="", contract=contract(URL, VIDEO), replayed={})
    found = expected.model_copy(update={"version": version, "location": str(tmp_path / place)})
    (problem,) = gate.compare(expected, found, directory=tmp_path / "it", version=NEWER)
    assert problem.startswith("import:")


@pytest.mark.parametrize(("installed", "fits"), [(None, True), ("0.9.0", True), ("0.8.0", False)])
def test_javascript_keeps_working(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: str | None, fits: bool
) -> None:
    monkeypatch.setattr(gate, "installed_scripts", lambda: installed)
    expected = SelftestReport(version=NEWER, location=str(tmp_path), contract=contract(URL, VIDEO), replayed={})
    accepting = expected.contract.model_copy(update={"scripts": "0.9.0"})
    found = expected.model_copy(update={"contract": accepting})
    assert (gate.compare(expected, found, directory=tmp_path, version=NEWER) == []) == fits


def test_other_scripts_are_another_code(monkeypatch: pytest.MonkeyPatch) -> None:
    before = versions.tested_with.__wrapped__()
    monkeypatch.setattr(versions, "installed_scripts", lambda: "another version")
    assert versions.tested_with.__wrapped__() != before


def test_every_scenario_says_what_it_is_about() -> None:
    found = {name: replayed.outcome for name, replayed in replay_all().items()}
    errors = ("bot_check", "live_now", "age_restricted", "members_only")
    assert {name: found[f"metadata {name}"] for name in errors} == {name: name for name in errors}
    assert {found["metadata private"], found["metadata removed"]} == {"video_private", "video_unavailable"}
    assert found["no list"] == "list_unavailable"
    read = ("metadata manual", "metadata kids", "captions manual", "captions kids", "audio", "playlist", "channel")
    assert [name for name in read if found[name] in {"unexpected_answer", "captions_none", "null"}] == []


def test_the_answers_are_those_of_the_fake_youtube() -> None:
    """If not: python -m tests.worker.extractor.record_answers."""
    recorder = Recorder()
    assert replay_all(recorder.connect) == replay_all()


def test_the_contract_names_what_the_adapters_override_and_use() -> None:
    members = describe().members
    assert members["VideoIE._extract_player_response"].is_overridden
    assert describe().scripts == vendor.VERSION
    assert not members["_ListIE._entries"].is_overridden
    assert [name for name, member in members.items() if not member.fits] == []


def contract(*arguments: Argument, fits: bool = True) -> Contract:
    member = Member(arguments=list(arguments), is_overridden=True, fits=fits)
    return Contract(members={"IE.read": member}, clients=["android"])


URL, VIDEO = (Argument(name=name, kind=PLAIN, is_required=True) for name in ("url", "video_id"))
OPTION = Argument(name="fatal", kind="KEYWORD_ONLY", is_required=False)


@pytest.mark.parametrize(
    ("found", "is_fine"),
    [
        (contract(URL, VIDEO), True),
        (contract(URL, VIDEO, OPTION), True),
        (contract(URL), False),
        (contract(VIDEO, URL), False),
        (contract(URL, VIDEO, Argument(name="more", kind=PLAIN, is_required=True)), False),
        (contract(URL, VIDEO, fits=False), False),
        (Contract(members={}, clients=["android"]), False),
        (contract(URL, VIDEO).model_copy(update={"clients": []}), False),
    ],
)
def test_a_contract_is_kept_or_broken(found: Contract, is_fine: bool) -> None:
    assert (differences(contract(URL, VIDEO), found) == []) == is_fine
