"""Who may connect, and in which language they are spoken to."""

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from services.notifier.authentication import is_allowed, language_of, path_of
from shared.i18n.languages import Language

HOSTS = ["127.0.0.1", "localhost", "vidferry.example", "::1"]


def request(path: str = "/", **headers: str | list[str]) -> Request:
    pairs: list[tuple[str, str]] = []
    for name, values in headers.items():
        header = name.replace("_", "-")
        pairs += [(header, values)] if isinstance(values, str) else [(header, value) for value in values]
    return Request(path, Headers(pairs))


@pytest.mark.parametrize("host", ["127.0.0.1:8001", "localhost", "LOCALHOST:1", "vidferry.example:443", "[::1]:8001"])
def test_answers_to_its_own_names(host: str) -> None:
    assert is_allowed(request(Host=host), HOSTS)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "[::1", ["localhost", "localhost"]]
)
def test_refuses_other_names(host: str | list[str]) -> None:
    assert not is_allowed(request(Host=host), HOSTS)


def test_refuses_requests_without_a_host() -> None:
    assert not is_allowed(request(), HOSTS)


@pytest.mark.parametrize("origin", ["http://localhost:5173", "https://vidferry.example", "http://127.0.0.1"])
def test_lets_its_own_pages_in(origin: str) -> None:
    assert is_allowed(request(Host="localhost", Origin=origin), HOSTS)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "http://[",
        ["http://localhost", "https://evil.example"],
    ],
)
def test_keeps_other_pages_out(origin: str | list[str]) -> None:
    assert not is_allowed(request(Host="localhost", Origin=origin), HOSTS)


@pytest.mark.parametrize(
    ("path", "accept_language", "language"),
    [
        ("/?lang=de", "en", Language.DE),
        ("/?lang=DE", "en", Language.DE),
        ("/?lang=xx", "de-AT,en;q=0.5", Language.DE),
        ("/", "fr, de;q=0.8", Language.DE),
        ("/", "fr", Language.EN),
        ("/?lang=", "", Language.EN),
    ],
)
def test_speaks_the_clients_language(path: str, accept_language: str, language: Language) -> None:
    assert language_of(request(path, Accept_Language=accept_language)) is language


def test_finds_the_path() -> None:
    assert path_of(request("/api/ws/progress?lang=de")) == "/api/ws/progress"
