"""How much an hour or a day may have, and how the last requests are made to last."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, RootModel, model_validator

from shared.contracts.upstreams import BudgetStatus, BudgetUnit, PacePolicy, PauseReason, Upstream, UpstreamReport

RESERVE = 1 / 5
"""Of the requests: the last fifth is spread over the time until others no longer count."""
REASON_WHILE_SHORT = {
    Upstream.YOUTUBE: PauseReason.HOURLY_REQUESTS,
    Upstream.TRANSCRIPTION: PauseReason.TRANSCRIPTION_ALLOWANCE,
}
MINUTE_SECONDS = 60
HOUR_SECONDS = 3600
DAY_SECONDS = 86_400


class Minute(BaseModel):
    """What was spent in one minute."""

    start: datetime
    calls: int = 0
    amount: int = 0


class Budget(BaseModel):
    """What may be spent in the hour, or the day, that ends now; `forget` has to be told when that is."""

    unit: BudgetUnit
    per_seconds: int
    limit: int
    spent: list[Minute] = []
    """Oldest first."""

    def spend(self, calls: int, amount: int, now: datetime) -> None:
        """Count calls and what they took."""
        minute = now.replace(second=0, microsecond=0)
        if not self.spent or self.spent[-1].start < minute:
            self.spent.append(Minute(start=minute))
        self.spent[-1].calls += calls
        self.spent[-1].amount += amount

    def forget(self, now: datetime) -> None:
        """Count no longer what is too old."""
        while self.spent and self._counts_until(self.spent[0]) <= now:
            self.spent.pop(0)

    @property
    def left(self) -> int:
        """Negative where more was spent than there was."""
        return self.limit - sum(minute.amount for minute in self.spent)

    @property
    def is_short(self) -> bool:
        """Whether calls are held back: only the reserve of requests is left, or too little sound for a call."""
        if self.unit is BudgetUnit.AUDIO_SECONDS:
            return self.is_exhausted
        return bool(self.spent) and self.left <= self.limit * RESERVE

    @property
    def is_exhausted(self) -> bool:
        """Whether what is left is not enough for another call."""
        return not self._is_enough(self.limit - self.left, sum(minute.calls for minute in self.spent))

    @property
    def next_change_at(self) -> datetime | None:
        """When to `forget` next: when all of it is old, and earlier only where it matters."""
        return self._counts_until(self.spent[0 if self.is_short else -1]) if self.spent else None

    @property
    def next_call_at(self) -> datetime | None:
        """When enough is old for another call, where what is left is not."""
        amount, calls = self.limit - self.left, sum(minute.calls for minute in self.spent)
        for minute in self.spent:
            amount, calls = amount - minute.amount, calls - minute.calls
            if self._is_enough(amount, calls):
                return self._counts_until(minute)
        return None

    def affordable_calls_per_second(self, now: datetime) -> float:
        """What is left of the requests, spread over the time until the oldest are too old. There have to be some.

        Sound is not spread: a call takes so much of it that the next one may as well wait until there is enough.
        """
        if self.unit is BudgetUnit.AUDIO_SECONDS:
            return 0
        calls = sum(minute.calls for minute in self.spent)
        requests_per_call = (self.limit - self.left) / max(calls, 1)
        seconds = max((self._counts_until(self.spent[0]) - now).total_seconds(), 1)
        return max(self.left, 0) / seconds / max(requests_per_call, 1)

    def _is_enough(self, amount: int, calls: int) -> bool:
        """Whether one more call may go after so many that took so much: a request, or the sound of an average call."""
        needed = amount / max(calls, 1) if self.unit is BudgetUnit.AUDIO_SECONDS else 1
        return self.limit - amount >= needed

    def _counts_until(self, minute: Minute) -> datetime:
        """When all that was spent in a minute, the end of it too, is too old."""
        return minute.start + timedelta(seconds=self.per_seconds + MINUTE_SECONDS)


class Budgets(RootModel[list[Budget]]):
    """Every limit of an upstream, all of which hold."""

    @classmethod
    def of(cls, policy: PacePolicy) -> "Budgets":
        """These limits, and nothing spent yet."""
        budgets = cls([])
        budgets.obey(policy)
        return budgets

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_version(cls, kept: Any) -> Any:
        """Take over the one budget, of hourly requests, that a governor had before there were several."""
        if not isinstance(kept, dict):
            return kept
        spent = [{**minute, "amount": minute["requests"]} for minute in kept["spent"]]
        limit = kept["hourly_requests"]
        return [{"unit": BudgetUnit.REQUESTS, "per_seconds": HOUR_SECONDS, "limit": limit, "spent": spent}]

    def obey(self, policy: PacePolicy) -> None:
        """Have these limits; what was spent of one counts as long as there is one."""
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
        """Count what a worker reports. Sound is told with the request that sends it, before its call has ended."""
        for budget in self.root:
            if budget.unit is BudgetUnit.REQUESTS:
                budget.spend(report.calls, report.requests, now)
            elif report.audio_seconds:
                budget.spend(report.requests, math.ceil(report.audio_seconds), now)

    def forget(self, now: datetime) -> None:
        """Count no longer what is too old."""
        for budget in self.root:
            budget.forget(now)

    @property
    def is_short(self) -> bool:
        """Whether any of them holds calls back."""
        return bool(self._short)

    @property
    def next_change_at(self) -> datetime | None:
        """When to `forget` next."""
        return min((moment for budget in self.root if (moment := budget.next_change_at)), default=None)

    @property
    def next_call_at(self) -> datetime | None:
        """When enough is old for another call, while they are short."""
        binding = [budget for budget in self._short if budget.is_exhausted] or self._short
        return max((moment for budget in binding if (moment := budget.next_call_at)), default=None)

    def affordable_calls_per_second(self, now: datetime) -> float:
        """What the short ones allow."""
        return min((budget.affordable_calls_per_second(now) for budget in self._short), default=math.inf)

    @property
    def hourly_requests_left(self) -> int | None:
        """None where an hour may have any number."""
        is_asked = (BudgetUnit.REQUESTS, HOUR_SECONDS)
        return next((max(each.left, 0) for each in self.root if (each.unit, each.per_seconds) == is_asked), None)

    def statuses(self) -> list[BudgetStatus]:
        """What everybody may know."""
        return [
            BudgetStatus(unit=each.unit, per_seconds=each.per_seconds, limit=each.limit, left=max(each.left, 0))
            for each in self.root
        ]

    @property
    def _short(self) -> list[Budget]:
        return [budget for budget in self.root if budget.is_short]


def in_words(budgets: Iterable[BudgetStatus]) -> str:
    """What is left of each limit, for the operator."""
    return ", ".join(_left_in_words(budget) for budget in budgets)


def _left_in_words(budget: BudgetStatus) -> str:
    unit = "requests" if budget.unit is BudgetUnit.REQUESTS else "seconds of sound"
    time = "this hour" if budget.per_seconds == HOUR_SECONDS else "these 24 hours"
    return f"{budget.left:.0f} of {budget.limit} {unit} left in {time}"
