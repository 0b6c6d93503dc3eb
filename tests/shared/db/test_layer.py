"""How modules of `shared.db` query (docs/adr/0016)."""

from pathlib import Path

import pytest

import shared.db

MODULES = sorted(Path(shared.db.__path__[0]).glob("*.py"))
OWNERS = {"connection", "migrate"}
"""The module that hands out both kinds of connections, and the one whose only connection holds a lock."""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_queries_in_one_way(path: Path) -> None:
    source = path.read_text()
    ways = {kind for kind in ("AsyncConnection", "AsyncpgConnection") if f"connection: {kind}" in source}
    assert len(ways) <= 1 or path.stem in OWNERS
    assert "raw_connection(" not in source or path.stem in OWNERS
    assert '"BEGIN' not in source or path.stem in OWNERS
