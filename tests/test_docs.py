"""The documents say what is there: settings, links, commands, dependencies, errors."""

import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

from services.stack import describe
from services.stack.cli import app
from services.stack.home import PROJECT_ROOT, Home
from services.stack.settings import StackSettings, variable_of
from shared.contracts.errors import Retry
from shared.settings import Settings

DOCUMENTS = sorted([*PROJECT_ROOT.glob("*.md"), *PROJECT_ROOT.glob("docs/**/*.md")])
README = PROJECT_ROOT / "README.md"
DEPENDENCIES = PROJECT_ROOT / "docs/dependencies.md"
MAX_LINES = {"README.md": 150, "CONTRIBUTING.md": 120, "docs/architecture.md": 160}
"""A document that grows beyond this is divided."""

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


def section(document: Path, heading: str) -> str:
    """The text below a `## ` heading, up to the next one."""
    return document.read_text().split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row, without headings and rules."""
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.+\|$", text, re.M)]
    rules = {number for number, cells in enumerate(found) if set("".join(cells)) <= set("-:")}
    return [cells for number, cells in enumerate(found) if number not in rules and number + 1 not in rules]


def code(document: Path) -> str:
    """Everything that is set as code."""
    return "\n".join(_CODE.findall(document.read_text()))


def slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def package(requirement: str) -> str:
    """The name in a requirement such as `sqlalchemy[asyncio]>=2.1`."""
    return re.split(r"[\[<>=!~ ;]", requirement, maxsplit=1)[0]


@pytest.mark.parametrize("document", describe.DOCUMENTS, ids=lambda path: path.name)
def test_the_generated_parts_are_up_to_date(document: Path) -> None:
    assert document.read_text() == describe.generated(document.read_text()), "run `make docs`"


def test_every_setting_is_described() -> None:
    parts = "".join(part() for name, part in describe.PARTS.items() if name.endswith("-settings"))
    for field in [*StackSettings.model_fields.values(), *Settings.model_fields.values()]:
        assert f"| `{variable_of(field)}` |" in parts
        assert field.description, variable_of(field)


def test_what_the_readme_says_of_a_setting_is_its_default() -> None:
    defaults = {
        cells[0]: cells[1] for name in describe.PARTS if "settings" in name for cells in rows(describe.PARTS[name]())
    }
    for names, values, _ in rows(section(README, "Configuration")):
        for name, value in zip(names.split(", "), values.split(", "), strict=True):
            assert value == defaults.get(name, "`.vidferry`"), name


def test_every_retry_is_explained() -> None:
    text = (PROJECT_ROOT / "docs/reference/errors.md").read_text()
    assert [retry for retry in Retry if f"\n| `{retry}` |" not in text] == []


@pytest.mark.parametrize(("document", "lines"), MAX_LINES.items())
def test_short_documents_stay_short(document: str, lines: int) -> None:
    assert len((PROJECT_ROOT / document).read_text().splitlines()) <= lines


def test_the_home_is_where_the_documents_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("VIDFERRY_HOME", raising=False)
    assert Home.from_environment().path == PROJECT_ROOT / ".vidferry"
    monkeypatch.setenv("VIDFERRY_HOME", str(tmp_path))
    assert Home.from_environment().path == tmp_path


def test_the_docker_guide_names_what_the_compose_file_passes_on() -> None:
    compose = (PROJECT_ROOT / "docker-compose.yml").read_text()
    passed = set(re.findall(r"\$\{(\w+)", compose)) | set(re.findall(r"^ +(\w+):(?: #.*)?$", compose, re.M))
    named = set(re.findall(r"`([A-Z_0-9]+)`", (PROJECT_ROOT / "docs/guides/docker.md").read_text()))
    families = ("YOUTUBE_", "TRANSCRIPTION_")  # every one of them
    assert {name for name in passed if name.isupper() and not name.startswith(families)} == {
        name for name in named if not name.startswith(families)
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    links = [link for link in _LINK.findall(document.read_text()) if "://" not in link]
    for link in links:
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.M)
            assert anchor in {slug(heading) for heading in headings}, link


def test_every_picture_is_shown() -> None:
    shown = {(path.parent / link).resolve() for path in DOCUMENTS for link in _LINK.findall(path.read_text())}
    assert set((PROJECT_ROOT / "docs/images").iterdir()) <= shown


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT_ROOT / "Makefile").read_text(), re.M))
    named = {name for document in DOCUMENTS for name in re.findall(r"(?:^|`)make ([a-z]+)", code(document), re.M)}
    assert {"up", "demo", "test"} <= named <= targets


def test_every_module_that_is_to_be_run_exists() -> None:
    named = {name for document in DOCUMENTS for name in re.findall(r"python -m ([\w.]+)", code(document))}
    assert "tests.workflows.record_histories" in named
    assert [name for name in sorted(named) if find_spec(name) is None] == []


def test_every_vidferry_command_that_is_named_exists() -> None:
    commands = {command.callback.__name__ for command in app.registered_commands if command.callback}
    commands |= {group.name for group in app.registered_groups if group.name}
    named = {name for document in DOCUMENTS for name in re.findall(r"vidferry ([a-z]+)", code(document))}
    assert {"status", "logs", "stop"} <= named <= commands


def dependencies() -> dict[str, list[str]]:
    """The packages that the project names, by their heading in the document."""
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())
    page = json.loads((PROJECT_ROOT / "frontend/package.json").read_text())
    groups = project["dependency-groups"]
    return {
        "Runtime": [package(requirement) for requirement in project["project"]["dependencies"]],
        "JavaScript": [package(requirement) for requirement in project["project"]["optional-dependencies"]["js"]],
        "Fakes": [package(requirement) for requirement in groups["fakes"]],
        "Development": [package(requirement) for requirement in groups["dev"] if isinstance(requirement, str)],
        "Page": [*page["dependencies"]],
        "Page development": [*page["devDependencies"]],
        "Node": [package(requirement) for requirement in groups["node"]],
    }


@pytest.mark.parametrize(("heading", "named"), dependencies().items())
def test_every_dependency_is_explained(heading: str, named: list[str]) -> None:
    explained = [name.strip("`") for name, _, _ in rows(section(DEPENDENCIES, heading))]
    assert explained == sorted(named)


def stated_licence(name: str) -> str | None:
    """The licence that an installed package states as an SPDX expression; None for one that is not there."""
    page = PROJECT_ROOT / "frontend/node_modules" / name / "package.json"
    if page.exists():
        return str(json.loads(page.read_text())["license"])
    try:
        licence = metadata(name).json.get("license_expression")
    except PackageNotFoundError:
        return None
    return str(licence) if licence else None


def test_licences_are_those_that_the_packages_state() -> None:
    written = {name: licence for heading in dependencies() for name, licence, _ in rows(section(DEPENDENCIES, heading))}
    stated = {name: stated_licence(name.strip("`")) for name in written}
    assert {name: written[name].partition(";")[0] for name, licence in stated.items() if licence} == {
        name: licence for name, licence in stated.items() if licence
    }


def test_the_licence_of_the_project_is_its_file() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    (file,) = project["license-files"]
    assert project["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0" in (PROJECT_ROOT / file).read_text()


LOCKS = ("requirements.lock", "requirements-demo.lock", "requirements-dev.lock")
"""Each contains those before it: the Makefile relies on that."""


@pytest.mark.parametrize("lock", [*LOCKS, "requirements-node.lock"])
def test_python_packages_are_locked_with_hashes_and_name_no_host(lock: str) -> None:
    locked = (PROJECT_ROOT / lock).read_text()
    assert "--hash=sha256:" in locked
    assert "://" not in locked


@pytest.mark.parametrize(("smaller", "larger"), [*pairwise(LOCKS)])
def test_a_lock_contains_the_smaller_one(smaller: str, larger: str) -> None:
    pins = [set(re.findall(r"^[\w.-]+==[^ ]+", (PROJECT_ROOT / lock).read_text(), re.M)) for lock in (smaller, larger)]
    assert pins[0] < pins[1]


def test_the_pages_packages_are_locked_with_hashes_and_name_no_host() -> None:
    packages = json.loads((PROJECT_ROOT / "frontend/package-lock.json").read_text())["packages"]
    del packages[""]
    assert [name for name, locked in packages.items() if "resolved" in locked] == []
    assert [name for name, locked in packages.items() if not locked.get("integrity", "").startswith("sha512-")] == []
    optional = {name for locked in packages.values() for name in locked.get("optionalDependencies", {})}
    assert sorted(name for name in optional if f"node_modules/{name}" not in packages) == [], "for other machines"
