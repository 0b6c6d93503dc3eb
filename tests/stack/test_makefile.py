"""The Makefile installs when, and only when, a lock file is not the one that .venv/ was made from."""

import shutil
import subprocess
from pathlib import Path

import pytest

from services.stack.home import PROJECT_ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a .venv/ where nothing is installed yet."""
    shutil.copy(PROJECT_ROOT / "Makefile", tmp_path)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for program in ("pip", "vidferry"):
        (tmp_path / ".venv/bin" / program).touch()
    check_out(tmp_path, "1")
    return tmp_path


def check_out(checkout: Path, commit: str) -> None:
    """As `git checkout` does it."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        (checkout / name).write_text(f"{name} of {commit}\n")


def installed_by(checkout: Path, target: str, pip: str = "true") -> str:
    """What `make target` says it installs."""
    command = ["make", "--no-print-directory", "-C", str(checkout), target, f"PIP={pip}"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return said.removeprefix("Installing ").removesuffix(" into .venv …\n")


def test_what_the_doctor_finds_is_no_error_of_make(checkout: Path) -> None:
    vidferry = checkout / ".venv/bin/vidferry"
    vidferry.write_text("#!/bin/sh\necho found\nexit 1\n")
    vidferry.chmod(0o700)
    command = ["make", "--no-print-directory", "-C", str(checkout), "doctor", "PIP=true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("found\n")


def test_what_is_there_is_not_installed_again(checkout: Path) -> None:
    assert installed_by(checkout, "runtime") == "requirements.lock"
    assert installed_by(checkout, "runtime") == ""
    assert installed_by(checkout, "development") == "requirements-dev.lock"
    assert installed_by(checkout, "development") == ""
    assert installed_by(checkout, "runtime") == ""


def test_back_at_an_older_commit_its_packages_are_installed(checkout: Path) -> None:
    installed_by(checkout, "development")
    check_out(checkout, "2")
    assert installed_by(checkout, "runtime") == "requirements.lock"
    check_out(checkout, "1")
    assert installed_by(checkout, "development") == "requirements-dev.lock"


def test_after_an_installation_that_failed_halfway_nothing_counts_as_installed(checkout: Path) -> None:
    installed_by(checkout, "development")
    check_out(checkout, "2")
    installed_by(checkout, "runtime", pip="false")
    check_out(checkout, "1")
    assert installed_by(checkout, "runtime") == "requirements.lock"
