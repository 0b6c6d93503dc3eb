"""Which connections an address may have open."""

import pytest

from shared.http.limits import ConnectionLimit, address_of

HERE = "192.0.2.1"


class Closable:
    """A connection that notes whether it was closed."""

    is_closed = False

    def abort(self) -> None:
        self.is_closed = True


def test_the_one_that_waits_longest_makes_room() -> None:
    limit = ConnectionLimit(3)
    first, used, third, fourth = (Closable() for _ in range(4))
    for connection in (first, used, third):
        limit.opened(HERE, connection)
    limit.in_use(HERE, used)
    limit.in_use(HERE, first)
    limit.waits(HERE, first)

    limit.opened(HERE, fourth)

    assert [each.is_closed for each in (first, used, third, fourth)] == [False, False, True, False]


def test_those_in_use_stay() -> None:
    limit = ConnectionLimit(1)
    used, newcomer = Closable(), Closable()
    limit.opened(HERE, used)
    limit.in_use(HERE, used)
    limit.opened(HERE, newcomer)
    assert (used.is_closed, newcomer.is_closed) == (False, True)


def test_each_address_counts_for_itself_and_a_closed_one_not_at_all() -> None:
    limit = ConnectionLimit(1)
    here, there, later = Closable(), Closable(), Closable()
    limit.opened(HERE, here)
    limit.opened("192.0.2.2", there)
    limit.closed(HERE, here)
    limit.waits(HERE, here)
    limit.opened(HERE, later)
    limit.closed(HERE, here)
    assert [each.is_closed for each in (here, there, later)] == [False, False, False]


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        (("192.0.2.1", 5), "192.0.2.1"),
        (("127.0.0.1", 5), "loopback"),
        (("127.9.0.7", 5), "loopback"),
        (("::1", 5, 0, 0), "loopback"),
        (("::ffff:192.0.2.1", 5, 0, 0), "192.0.2.1"),
        (("2001:db8:1:2::5", 5, 0, 0), "2001:0db8:0001:0002"),
        (("fe80::1%eth0", 5, 0, 2), "fe80:0000:0000:0000"),
        (None, "unknown"),
        ("", "unknown"),
    ],
)
def test_what_an_address_is(peer: object, address: str) -> None:
    assert address_of(peer) == address
