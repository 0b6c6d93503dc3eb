"""Quotas per hour or day, and how the last requests are spread over time."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import BaseModel, RootModel

from shared.contracts.upstreams import BudgetStatus, BudgetUnit, PauseReason, RateLimitPolicy, Upstream, UpstreamReport

RESERVED_SHARE = 1 / 5
"""Of the requests: the last fifth is spread over the time until earlier ones expire."""
REASON_WHILE_LOW = {
    Upstream.YOUTUBE: PauseReason.HOURLY_REQUESTS,
    Upstream.TRANSCRIPTION: PauseReason.TRANSCRIPTION_ALLOWANCE,
}
MINUTE_SECONDS = 60
HOUR_SECONDS = 3600
DAY_SECONDS = 86_400


class UsageBucket(BaseModel):
    """The usage of one minute."""

    start: datetime
    calls: int = 0
    amount: int = 0


class Budget(BaseModel):
    """A quota for the hour, or the day, that ends now, which is the time given to `expire`."""

    unit: BudgetUnit
    per_seconds: int
    limit: int
    spent: list[UsageBucket] = []
    """Oldest first."""

    def spend(self, calls: int, amount: int, now: datetime) -> None:
        """Count calls and what they used."""
        minute = now.replace(second=0, microsecond=0)
        if not self.spent or self.spent[-1].start < minute:
            self.spent.append(UsageBucket(start=minute))
        self.spent[-1].calls += calls
        self.spent[-1].amount += amount

    def expire(self, now: datetime) -> None:
        """Drop what no longer counts."""
        while self.spent and self._counts_until(self.spent[0]) <= now:
            self.spent.pop(0)

    @property
    def left(self) -> int:
        """What may be spent; negative where more was spent than the limit."""
        return self.limit - sum(minute.amount for minute in self.spent)

    @property
    def is_low(self) -> bool:
        """Whether calls are held back: only the reserve of requests is left, or too little audio for a call."""
        if self.unit is BudgetUnit.AUDIO_SECONDS:
            return self.is_exhausted
        return bool(self.spent) and self.left <= self.limit * RESERVED_SHARE

    @property
    def is_exhausted(self) -> bool:
        """Whether too little is left for another call."""
        return not self._is_enough(self.limit - self.left, sum(minute.calls for minute in self.spent))

    @property
    def next_change_at(self) -> datetime | None:
        """When to `expire` next: when all usage has expired, and earlier only while the budget is low."""
        return self._counts_until(self.spent[0 if self.is_low else -1]) if self.spent else None

    @property
    def next_call_at(self) -> datetime | None:
        """When enough has expired for another call; None where enough is left."""
        amount, calls = self.limit - self.left, sum(minute.calls for minute in self.spent)
        for minute in self.spent:
            amount, calls = amount - minute.amount, calls - minute.calls
            if self._is_enough(amount, calls):
                return self._counts_until(minute)
        return None

    def affordable_calls_per_second(self, now: datetime) -> float:
        """Spread the requests that are left over the time until the oldest expire. Some must have been spent.

        Audio is not spread: a call uses so much of it that the next one may as well wait until there is enough.
        """
        if self.unit is BudgetUnit.AUDIO_SECONDS:
            return 0
        calls = sum(minute.calls for minute in self.spent)
        requests_per_call = (self.limit - self.left) / max(calls, 1)
        seconds = max((self._counts_until(self.spent[0]) - now).total_seconds(), 1)
        return max(self.left, 0) / seconds / max(requests_per_call, 1)

    def _is_enough(self, amount: int, calls: int) -> bool:
        """Whether another call fits after `calls` that used `amount`: a request, or the audio of an average call."""
        needed = amount / max(calls, 1) if self.unit is BudgetUnit.AUDIO_SECONDS else 1
        return self.limit - amount >= needed

    def _counts_until(self, minute: UsageBucket) -> datetime:
        """When all of a minute's usage has expired, its end too."""
        return minute.start + timedelta(seconds=self.per_seconds + MINUTE_SECONDS)


class Budgets(RootModel[list[Budget]]):
    """All quotas of an upstream; each of them holds."""

    @classmethod
    def of(cls, policy: RateLimitPolicy) -> "Budgets":
        """Create the policy's quotas, with nothing spent."""
        budgets = cls([])
        budgets.apply_limits(policy)
        return budgets

    def apply_limits(self, policy: RateLimitPolicy) -> None:
        """Change the limits; the usage of a quota that stays is kept."""
        spent = {(budget.unit, budget.per_seconds): budget.spent for budget in self.root}
        limits = [
            (BudgetUnit.REQUESTS, HOUR_SECONDS, policy.hourly_requests),
            (BudgetUnit.REQUESTS, DAY_SECONDS, policy.daily_requests),
            (BudgetUnit.AUDIO_SECONDS, HOUR_SECONDS, policy.hourly_audio_seconds),
            (BudgetUnit.AUDIO_SECONDS, DAY_SECONDS, policy.daily_audio_seconds),
        ]
        self.root = [
            Budget(unit=unit, per_seconds=seconds, limit=limit, spent=spent.get((unit, seconds), []))
            for unit, seconds, limit in limits
            if limit is not None
        ]

    def spend(self, report: UpstreamReport, now: datetime) -> None:
        """Count what a worker reports. Audio is reported with the request that sends it, before its call has ended."""
        for budget in self.root:
            if budget.unit is BudgetUnit.REQUESTS:
                budget.spend(report.calls, report.requests, now)
            elif report.audio_seconds:
                budget.spend(report.requests, math.ceil(report.audio_seconds), now)

    def expire(self, now: datetime) -> None:
        """Drop what no longer counts."""
        for budget in self.root:
            budget.expire(now)

    @property
    def is_low(self) -> bool:
        """Whether any of them holds calls back."""
        return bool(self._low)

    @property
    def next_change_at(self) -> datetime | None:
        """When to `expire` next."""
        return min((moment for budget in self.root if (moment := budget.next_change_at)), default=None)

    @property
    def next_call_at(self) -> datetime | None:
        """When enough has expired for another call, while quotas are low."""
        binding = [budget for budget in self._low if budget.is_exhausted] or self._low
        return max((moment for budget in binding if (moment := budget.next_call_at)), default=None)

    def affordable_calls_per_second(self, now: datetime) -> float:
        """Return what the quotas that are low allow."""
        return min((budget.affordable_calls_per_second(now) for budget in self._low), default=math.inf)

    @property
    def hourly_requests_left(self) -> int | None:
        """None where the hour has no quota."""
        wanted = (BudgetUnit.REQUESTS, HOUR_SECONDS)
        return next((max(each.left, 0) for each in self.root if (each.unit, each.per_seconds) == wanted), None)

    def statuses(self) -> list[BudgetStatus]:
        """Return the status that is published."""
        return [
            BudgetStatus(unit=each.unit, per_seconds=each.per_seconds, limit=each.limit, left=max(each.left, 0))
            for each in self.root
        ]

    @property
    def _low(self) -> list[Budget]:
        return [budget for budget in self.root if budget.is_low]


def format_budgets(budgets: Iterable[BudgetStatus]) -> str:
    """Format what is left of each quota, for the operator."""
    return ", ".join(_format_budget(budget) for budget in budgets)


def _format_budget(budget: BudgetStatus) -> str:
    unit = "requests" if budget.unit is BudgetUnit.REQUESTS else "seconds of audio"
    time = "this hour" if budget.per_seconds == HOUR_SECONDS else "these 24 hours"
    return f"{budget.left:.0f} of {budget.limit} {unit} left in {time}"
