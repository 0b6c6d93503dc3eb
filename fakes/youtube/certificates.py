"""The fake YouTube's certificate authority, made on first use and kept in a directory."""

import os
from dataclasses import dataclass
from pathlib import Path

import trustme

from fakes.youtube.routes import SERVED_HOSTS


@dataclass(frozen=True)
class Certificates:
    """PEM files: the authority's certificate for clients, and the server's key and certificate."""

    ca_file: Path
    server_file: Path


def prepare(directory: Path) -> Certificates:
    """Issue a server certificate from the authority in `directory`, which a restarted fake YouTube finds again."""
    ca_file, ca_key_file, server_file = (directory / name for name in ("ca.pem", "ca.key", "server.pem"))
    if ca_file.exists() and ca_key_file.exists():
        ca = trustme.CA.from_pem(ca_file.read_bytes(), ca_key_file.read_bytes())
    else:
        ca = trustme.CA()
        _write_private(ca_key_file, ca.private_key_pem.bytes())
        ca.cert_pem.write_to_path(str(ca_file))
    _write_private(server_file, ca.issue_cert(*SERVED_HOSTS).private_key_and_cert_chain_pem.bytes())
    return Certificates(ca_file, server_file)


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
