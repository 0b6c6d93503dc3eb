"""Plain words for what went wrong, and no password in them."""

import pytest

from services.stack.causes import describe_error, without_secrets, without_user


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connect call failed"), "connection refused"),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1, 0, 0)"), "connection refused"),
        (RuntimeError('tonic::transport::Error(ConnectError("dns error"))'), "the name is not found"),
        (RuntimeError("Failed client connect: Unimplemented"), "no connection"),
        (ConnectionResetError(), "the connection was closed"),
        (TimeoutError(), "no answer in time"),
        (ValueError("something else\nin detail"), "something else"),
        (KeyError(), "KeyError"),
    ],
)
def test_words(error: Exception, words: str) -> None:
    assert describe_error(error) == words


@pytest.mark.parametrize(
    ("url", "text", "told"),
    [
        ("postgresql://me:hid@den@127.0.0.1", "no host den@127.0.0.1, no hid", "no host …@127.0.0.1, no …"),
        ("http://me:hidd/en@proxy", "port 'hidd' of en", "port '…' of …"),
        ("http://me:hid%2Fden@proxy", "hid/den and hid%2Fden", "… and …"),
        ("http://me:hidden@proxy", "Failed to parse: http://me:hidden@proxy", "Failed to parse: http://…@proxy"),
        ("me:hidden@proxy", "for hidden", "for …"),
        ("http://proxy:3128", "port 3128 of proxy, for //other:one@x", "port 3128 of proxy, for //…@x"),
        ("http://me:en@proxy", "the end of en", "the end of …"),
    ],
)
def test_no_part_of_a_password_is_left(url: str, text: str, told: str) -> None:
    assert without_secrets(text, url) == told


@pytest.mark.parametrize("address", ["http://me:hid@den@db:1", "http://me:hid/den@db:1", "den@db:1", "db:1"])
def test_the_host_of_an_address(address: str) -> None:
    assert without_user(address) == "db:1"
