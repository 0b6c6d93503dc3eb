"""How long a client stays the same guest."""

import pytest

from services.worker.adapters.youtube.guests import MAX_AGE_SECONDS, MAX_REQUESTS, Guests


class Clock:
    """Stands still unless it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guests(clock: Clock) -> Guests:
    return Guests(clock)


def test_without_a_page_there_is_no_guest(guests: Guests) -> None:
    assert guests.visitor_data("android") is None


def test_a_client_stays_the_guest_that_it_began_as(guests: Guests) -> None:
    guests.record_page("one")
    assert guests.visitor_data("android") == "one"
    guests.record_page("two")
    assert (guests.visitor_data("android"), guests.visitor_data("ios")) == ("one", "two")


def test_a_guest_ends_after_half_an_hour(guests: Guests, clock: Clock) -> None:
    guests.record_page("one")
    assert guests.visitor_data("android") == "one"
    clock.now = MAX_AGE_SECONDS
    assert guests.visitor_data("android") is None
    guests.record_page("two")
    assert guests.visitor_data("android") == "two"


def test_a_guest_ends_after_a_number_of_requests(guests: Guests) -> None:
    guests.record_page("one")
    assert {guests.visitor_data("android") for _ in range(MAX_REQUESTS)} == {"one"}
    guests.record_page("two")
    assert guests.visitor_data("android") == "two"


def test_guests_that_youtube_distrusts_are_forgotten(guests: Guests) -> None:
    guests.record_page("one")
    guests.visitor_data("android")
    guests.forget()
    assert guests.visitor_data("android") is None
