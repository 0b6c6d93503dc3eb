"""What `vidferry doctor` reports of a home."""

from typing import NamedTuple

from services.stack.doctor import doctor
from services.stack.findings import Finding, FindingCode, Level
from services.stack.home import Home
from services.stack.state import ProcessEntry, StackState

Environment = dict[str, str]


class Report(NamedTuple):
    exit_code: int
    findings: list[Finding]

    @property
    def codes(self) -> list[FindingCode]:
        return [finding.code for finding in self.findings]

    @property
    def problems(self) -> list[FindingCode]:
        return [finding.code for finding in self.findings if finding.level is Level.PROBLEM]

    def about(self, code: FindingCode, subject: str | None = None) -> Finding:
        """The one finding with this code, of this subject."""
        found = [finding for finding in self.findings if (finding.code, finding.subject) == (code, subject)]
        assert len(found) == 1, self.findings
        return found[0]


async def examine(home: Home) -> Report:
    findings: list[Finding] = []
    exit_code = await doctor(home, findings.append)
    report = Report(exit_code, findings)
    assert exit_code == (1 if report.problems else 0)
    return report


def write_state(home: Home, *entries: ProcessEntry) -> None:
    StackState({}, list(entries)).write(home.state_file)
