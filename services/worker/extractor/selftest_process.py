"""`python -m services.worker.extractor.selftest_process REPORT` tests the yt-dlp that this process imports, offline."""

import sys
from pathlib import Path

from pydantic import BaseModel

from services.worker.extractor.contract import Contract, describe
from services.worker.extractor.replay.scenarios import Replayed, replay_all

_NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind")


class SelftestReport(BaseModel):
    """What one version of yt-dlp does."""

    version: str
    """As yt-dlp names it."""
    location: str
    """Where it was imported from."""
    contract: Contract
    replayed: dict[str, Replayed]


class NetworkUseError(Exception):
    """Raised for whatever tries to reach the network."""


def _refuse_network(event: str, _arguments: object) -> None:
    if event in _NETWORK:
        raise NetworkUseError(event)


def main() -> None:
    """Write the report."""
    sys.addaudithook(_refuse_network)
    import yt_dlp
    from yt_dlp.version import __version__

    report = SelftestReport(
        version=__version__,
        location=str(Path(yt_dlp.__file__).resolve().parents[1]),
        contract=describe(),
        replayed=replay_all(),
    )
    Path(sys.argv[1]).write_text(report.model_dump_json(), encoding="utf-8")


if __name__ == "__main__":
    main()
