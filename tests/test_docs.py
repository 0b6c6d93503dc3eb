"""The documents say what is there: settings, links, commands, dependencies, errors."""

import json
import re
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from services.stack.cli import app
from services.stack.home import PROJECT_ROOT, Home
from services.stack.settings import StackSettings, variable_of
from shared.contracts.errors import ERROR_RULES, ErrorType
from shared.settings import Settings

DOCUMENTS = sorted([*PROJECT_ROOT.glob("*.md"), *PROJECT_ROOT.glob("docs/**/*.md")])
README = PROJECT_ROOT / "README.md"
ARCHITECTURE = PROJECT_ROOT / "docs/architecture.md"
NOTHING = "–"

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


def defaults(settings: type[BaseSettings]) -> Iterator[tuple[str, str]]:
    """Variable and default of every setting, as the README writes them."""
    for field in settings.model_fields.values():
        value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        text = str(value).lower() if isinstance(value, bool) else str(value).replace(tempfile.gettempdir(), "$TMPDIR")
        yield f"`{variable_of(field)}`", NOTHING if value is None else f"`{text}`"


def slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def package(requirement: str) -> str:
    """The name in a requirement such as `sqlalchemy[asyncio]>=2.1`."""
    return re.split(r"[\[<>=!~ ;]", requirement, maxsplit=1)[0]


def test_the_readme_lists_every_setting_with_its_default() -> None:
    written = Counter((name, default) for name, default, _ in rows(section(README, "Configuration")))
    home = ("`VIDFERRY_HOME`", "`.vidferry`")
    assert written == Counter([home, *defaults(StackSettings), *defaults(Settings)])


def test_the_home_is_where_the_readme_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("VIDFERRY_HOME", raising=False)
    assert Home.from_environment().path == PROJECT_ROOT / ".vidferry"
    monkeypatch.setenv("VIDFERRY_HOME", str(tmp_path))
    assert Home.from_environment().path == tmp_path


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
    named = {name for document in DOCUMENTS for name in re.findall(r"vidferry ([a-z]+)", code(document))}
    assert {"status", "logs", "stop"} <= named <= commands


def dependencies() -> dict[str, list[str]]:
    """The packages that the project names, by their heading in the document."""
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())
    page = json.loads((PROJECT_ROOT / "frontend/package.json").read_text())
    return {
        "Runtime": [package(requirement) for requirement in project["project"]["dependencies"]],
        "Development": [package(requirement) for requirement in project["dependency-groups"]["dev"]],
        "Page": [*page["dependencies"]],
        "Page development": [*page["devDependencies"]],
        "Node": [package(requirement) for requirement in project["dependency-groups"]["node"]],
    }


@pytest.mark.parametrize(("heading", "named"), dependencies().items())
def test_every_dependency_earns_its_place(heading: str, named: list[str]) -> None:
    explained = [name.strip("`") for name, _ in rows(section(PROJECT_ROOT / "docs/dependencies.md", heading))]
    assert explained == sorted(named)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-node.lock"])
def test_python_packages_are_locked_with_hashes_and_name_no_host(lock: str) -> None:
    locked = (PROJECT_ROOT / lock).read_text()
    assert "--hash=sha256:" in locked
    assert "://" not in locked


def test_the_pages_packages_are_locked_with_hashes_and_name_no_host() -> None:
    packages = json.loads((PROJECT_ROOT / "frontend/package-lock.json").read_text())["packages"]
    del packages[""]
    assert [name for name, locked in packages.items() if "resolved" in locked] == []
    assert [name for name, locked in packages.items() if not locked.get("integrity", "").startswith("sha512-")] == []
    optional = {name for locked in packages.values() for name in locked.get("optionalDependencies", {})}
    assert sorted(name for name in optional if f"node_modules/{name}" not in packages) == [], "for other machines"


def test_the_architecture_says_what_follows_from_every_error() -> None:
    table = next(table for table in section(ARCHITECTURE, "Errors").split("\n\n") if table.startswith("| error type"))
    written = [(name, what, pace) for names, what, pace in rows(table) for name in re.findall(r"`(\w+)`", names)]
    assert sorted(name for name, _, _ in written) == sorted(ERROR_RULES)
    for name, what, pace in written:
        rule = ERROR_RULES[ErrorType(name)]
        assert re.search(rf"\b{rule.retry}\b", what), name
        assert ("speech" in what) == rule.speech_to_text, name
        assert pace == rule.throttle, name
