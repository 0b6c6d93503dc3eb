"""Whether the transcription server can be reached, tried out with servers that are there or not."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import trustme

from services.stack.findings import FindingCode
from services.stack.speech import server_finding
from tests.support.servers import free_port


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    """Whom nobody trusts; `own.pem` has its certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "own.pem"))
    return authority


@pytest.fixture
def secure_url(authority: trustme.CA) -> Iterator[str]:
    """The URL of a server that shakes one hand."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:  # whoever does not trust us hangs up
                connection.close()

        thread = Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}/v1"
        thread.join()


def test_a_certificate_is_trusted_as_the_worker_trusts_it(secure_url: str, authority: object, tmp_path: Path) -> None:
    environment = {"SSL_CERT_FILE": str(tmp_path / "own.pem")}
    assert server_finding(secure_url, environment).code is FindingCode.TRANSCRIPTION_SERVER_REACHABLE


def test_a_certificate_that_is_not_trusted(secure_url: str) -> None:
    found = server_finding(secure_url, {})
    assert found.code is FindingCode.TRANSCRIPTION_SERVER_CERTIFICATE_UNTRUSTED
    assert "SSL_CERT_FILE" in found.text


def test_what_only_a_proxy_reaches_is_not_looked_for() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    through = {"http_proxy": "http://me:hidden@proxy:3128"}
    found = server_finding(url, through)
    assert (found.code, "hidden" in found.text) == (FindingCode.TRANSCRIPTION_SERVER_BEHIND_PROXY, False)
    for direct in (through | {"NO_PROXY": "127.0.0.1"}, {"HTTPS_PROXY": "http://proxy:3128"}):
        assert server_finding(url, direct).code is FindingCode.TRANSCRIPTION_SERVER_UNREACHABLE
