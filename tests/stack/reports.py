"""What `vidferry doctor` reports of a home."""

from typing import NamedTuple

from services.stack.doctor import doctor
from services.stack.home import Home
from services.stack.state import ProcessEntry, StackState

Environment = dict[str, str]


class Report(NamedTuple):
    code: int
    lines: list[str]

    def about(self, what: str) -> str:
        """The one line that names `what`."""
        (line,) = (line for line in self.lines if what in line)
        return line


async def examine(home: Home) -> Report:
    lines: list[str] = []
    code = await doctor(home, lines.append)
    assert {line[:2] for line in lines} <= {"✓ ", "– ", "✗ "}
    assert code == (1 if any(line.startswith("✗") for line in lines) else 0)
    return Report(code, lines)


def write_state(home: Home, *entries: ProcessEntry) -> None:
    StackState({}, list(entries)).write(home.state_file)
