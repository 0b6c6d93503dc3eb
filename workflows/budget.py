"""How many requests an hour may have, and how the last ones are made to last."""

from datetime import datetime, timedelta

from pydantic import BaseModel

RESERVE = 1 / 5
"""Of the hour's requests: the last fifth is spread over the time until others are an hour old."""
COUNTS_FOR = timedelta(minutes=61)
"""From the start of a minute until its last request is an hour old."""


class Minute(BaseModel):
    """What was spent in one minute."""

    start: datetime
    calls: int = 0
    requests: int = 0

    @property
    def counts_until(self) -> datetime:
        """When all of it is an hour old."""
        return self.start + COUNTS_FOR


class HourlyBudget(BaseModel):
    """The requests of the hour that ends now; `forget` has to be told when that is."""

    hourly_requests: int
    spent: list[Minute] = []
    """Oldest first."""

    def spend(self, calls: int, requests: int, now: datetime) -> None:
        """Count calls and their requests."""
        minute = now.replace(second=0, microsecond=0)
        if not self.spent or self.spent[-1].start < minute:
            self.spent.append(Minute(start=minute))
        self.spent[-1].calls += calls
        self.spent[-1].requests += requests

    def forget(self, now: datetime) -> None:
        """Count no longer what is an hour old."""
        while self.spent and self.spent[0].counts_until <= now:
            self.spent.pop(0)

    @property
    def requests_left(self) -> int:
        """Negative where more was spent than there was."""
        return self.hourly_requests - sum(minute.requests for minute in self.spent)

    @property
    def is_short(self) -> bool:
        """Whether only the reserve is left."""
        return bool(self.spent) and self.requests_left <= self.hourly_requests * RESERVE

    @property
    def next_change_at(self) -> datetime | None:
        """When to `forget` next: when all of it is old, and earlier only where it matters."""
        return self.spent[0 if self.is_short else -1].counts_until if self.spent else None

    @property
    def next_request_at(self) -> datetime | None:
        """When enough requests are an hour old, where none is left."""
        left = self.requests_left
        for minute in self.spent:
            left += minute.requests
            if left > 0:
                return minute.counts_until
        return None

    def affordable_calls_per_second(self, now: datetime) -> float:
        """What is left, spread over the time until the oldest requests are an hour old. There have to be some."""
        calls = sum(minute.calls for minute in self.spent)
        requests_per_call = (self.hourly_requests - self.requests_left) / max(calls, 1)
        seconds = max((self.spent[0].counts_until - now).total_seconds(), 1)
        return max(self.requests_left, 0) / seconds / max(requests_per_call, 1)
