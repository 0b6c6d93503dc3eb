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
    limit.in_use(used)
    limit.in_use(first)
    limit.waits(first)

    limit.opened(HERE, fourth)

    assert [each.is_closed for each in (first, used, third, fourth)] == [False, False, True, False]


def test_those_in_use_stay() -> None:
    limit = ConnectionLimit(1)
    used, newcomer = Closable(), Closable()
    limit.opened(HERE, used)
    limit.in_use(used)
    limit.opened(HERE, newcomer)
    assert (used.is_closed, newcomer.is_closed) == (False, True)


def test_each_address_counts_for_itself_and_a_closed_one_not_at_all() -> None:
    limit = ConnectionLimit(1)
    here, there, later = Closable(), Closable(), Closable()
    limit.opened(HERE, here)
    limit.opened("192.0.2.2", there)
    limit.closed(here)
    limit.waits(here)
    limit.opened(HERE, later)
    limit.closed(here)
    assert [each.is_closed for each in (here, there, later)] == [False, False, False]


def test_all_addresses_together_have_a_limit() -> None:
    limit = ConnectionLimit(2, lambda: 2)
    used, waiting, newcomer, last = (Closable() for _ in range(4))
    limit.opened(HERE, used)
    limit.in_use(used)
    limit.opened("192.0.2.2", waiting)
    limit.opened("192.0.2.3", newcomer)
    assert [each.is_closed for each in (used, waiting, newcomer)] == [False, True, False]
    limit.in_use(newcomer)
    limit.opened("192.0.2.4", last)
    assert [each.is_closed for each in (used, newcomer, last)] == [False, False, True]


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
