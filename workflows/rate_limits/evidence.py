"""Whether YouTube has changed and the extractor has not, as what different videos experienced says.

One video that fails again and again is no evidence, and any answer of YouTube's, such as "private", is evidence to the
contrary. So are no evidence: calls without an answer, and what fails around a bot check.
"""

from datetime import datetime, timedelta

from pydantic import BaseModel

from shared.contracts.upstreams import ExtractorFinding, ExtractorState, Suspicion

SUSPECT_VIDEOS = 3
"""Different videos that fail alike, without an answer in between."""
BROKEN_VIDEOS = 5
"""No more: each costs up to four requests, and an outage is to cost fifty an hour at most."""
ONE_CHANNEL_VIDEOS = 10
"""Instead of `BROKEN_VIDEOS`, where all are of one channel. A video of an unknown channel counts as of its own."""
PERSISTENT_FAILURES = 9
"""Of `SUSPECT_VIDEOS` videos together, where there are no others: a small batch is not to fail for want of a fifth."""
REPEAT_SECONDS = 30
"""A video that fails again sooner has shown nothing new."""
NO_BURST_VIDEOS = 2
MEMORY = timedelta(minutes=30)
RECENT_CALLS = 20
LOWEST_SUCCESS_RATE = 1 / 5
"""Of the last `RECENT_CALLS`: below that, the few answers in between do not count."""
MAX_CONCLUSIVE_IDS = 100


class Failure(BaseModel):
    """A call that failed in a suspicious way."""

    at: datetime
    youtube_id: str
    suspicion: Suspicion
    times: int = 1
    """How often the video has failed, at intervals."""

    def times_at(self, now: datetime) -> int:
        """How often the video has failed with a failure that comes now."""
        return self.times + (now - self.at >= timedelta(seconds=REPEAT_SECONDS))


class Evidence(BaseModel):
    """What the latest calls of each step experienced, and what was concluded from it."""

    outcomes: dict[str, list[Failure | None]] = {}
    """By step, newest last: the failures, one per video, and None for each answer after the first of them."""
    broken: ExtractorFinding | None = None
    """Why all calls were paused, until a call of the same step is answered."""
    conclusive_ids: list[str] = []
    """The videos that were conclusive on their own, newest last: a second time, it is the video's own failure."""

    def add_answers(self, step: str, count: int) -> None:
        """Note that so many calls of the step were answered."""
        if self.broken and self.broken.step == step:
            self.broken = None
        if step in self.outcomes:
            self._keep(step, [*self.outcomes[step], *[None] * min(count, RECENT_CALLS)])

    def add_failure(self, suspicion: Suspicion, youtube_id: str, now: datetime, *, is_probe: bool) -> bool:
        """Note that a call failed in a suspicious way; return whether the extractor is broken.

        `is_probe`: calls were paused because it was.
        """
        step = suspicion.step
        if self.broken:
            return is_probe or self.broken.step == step
        known = self.outcomes.get(step, [])
        others = [each for each in known if each is None or each.youtube_id != youtube_id]
        times = sum(each.times_at(now) for each in known if each and each.youtube_id == youtube_id) or 1
        self._keep(step, [*others, Failure(at=now, youtube_id=youtube_id, suspicion=suspicion, times=times)])
        alike = _alike(self.outcomes[step])
        is_conclusive = suspicion.is_conclusive and youtube_id not in self.conclusive_ids
        if is_conclusive:
            self.conclusive_ids = [*self.conclusive_ids, youtube_id][-MAX_CONCLUSIVE_IDS:]
        if is_probe or is_conclusive or _are_enough(alike):
            self.outcomes, self.broken = {}, _finding(alike, ExtractorState.BROKEN)
        return self.broken is not None

    def forget_failures(self) -> None:
        """Forget what failed recently: there is another explanation."""
        self.outcomes = {}

    def forget(self) -> None:
        """Forget all but the videos that were conclusive: calls are answered again."""
        self.outcomes, self.broken = {}, None

    def expire(self, now: datetime) -> None:
        """Drop failures that no longer count."""
        for step, outcomes in list(self.outcomes.items()):
            self._keep(step, [each for each in outcomes if each is None or each.at + MEMORY > now])

    @property
    def next_change_at(self) -> datetime | None:
        """When to `expire` next."""
        return min((each.at + MEMORY for outcomes in self.outcomes.values() for each in outcomes if each), default=None)

    @property
    def finding(self) -> ExtractorFinding | None:
        """What is published; None: nothing suspicious."""
        if self.broken:
            return self.broken
        most = max((_alike(outcomes) for outcomes in self.outcomes.values()), key=len, default=[])
        return _finding(most, ExtractorState.SUSPECT) if len(most) >= SUSPECT_VIDEOS else None

    @property
    def is_open(self) -> bool:
        """Whether the next answer may decide: something failed, and no answer came since."""
        return self._longest_streak > 0

    @property
    def forbids_burst(self) -> bool:
        """Whether several videos failed since the last answer."""
        return self._longest_streak >= NO_BURST_VIDEOS

    @property
    def _longest_streak(self) -> int:
        streaks = (len(_since_answer(outcomes)) for outcomes in self.outcomes.values())
        return NO_BURST_VIDEOS if self.broken else max(streaks, default=0)

    def _keep(self, step: str, outcomes: list[Failure | None]) -> None:
        """Keep the latest of these; answers before the first failure say nothing."""
        kept = outcomes[-RECENT_CALLS:]
        while kept and kept[0] is None:
            kept.pop(0)
        if kept:
            self.outcomes[step] = kept
        else:
            self.outcomes.pop(step, None)


def _alike(outcomes: list[Failure | None]) -> list[Failure]:
    """The failures that are like the last one, since the last answer or, where hardly any call is answered, all."""
    failures = [each for each in outcomes if each]
    is_hopeless = len(failures) > RECENT_CALLS * (1 - LOWEST_SUCCESS_RATE)
    counted = failures if is_hopeless else _since_answer(outcomes)
    return [each for each in counted if each.suspicion.fingerprint == counted[-1].suspicion.fingerprint]


def _since_answer(outcomes: list[Failure | None]) -> list[Failure]:
    last_answer = max((position for position, each in enumerate(outcomes) if each is None), default=-1)
    return [each for each in outcomes[last_answer + 1 :] if each]


def _are_enough(alike: list[Failure]) -> bool:
    channels = {each.suspicion.channel_id or each.youtube_id for each in alike}
    if len(channels) == 1:
        return len(alike) >= ONE_CHANNEL_VIDEOS
    is_persistent = len(alike) >= SUSPECT_VIDEOS and sum(each.times for each in alike) >= PERSISTENT_FAILURES
    return is_persistent or len(alike) >= BROKEN_VIDEOS


def _finding(alike: list[Failure], state: ExtractorState) -> ExtractorFinding:
    last = alike[-1].suspicion
    return ExtractorFinding(state=state, step=last.step, videos=len(alike), detail=last.detail, since=alike[0].at)
