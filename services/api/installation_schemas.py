"""What the API says of the installation itself and of the servers outside that set its pace."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.api import examples
from services.api.problem_texts import TROUBLE_TEXTS, TroubleCode
from services.api.schemas import with_examples
from services.api.speech_schemas import SpeechToText
from shared.contracts.texts import Language, pause_text
from shared.contracts.upstreams import (
    BudgetStatus,
    BudgetUnit,
    PauseReason,
    Upstream,
    UpstreamState,
    UpstreamStatus,
)


class Health(BaseModel):
    """The process is alive."""

    model_config = with_examples({"status": "ok"})

    status: Literal["ok"] = "ok"


class Trouble(BaseModel):
    """What keeps imports from going on, or captions from being made, although requests are served."""

    code: TroubleCode = Field(description="Which trouble it is; stable.")
    message: str = Field(description="What is wrong, in a plain sentence in the language of the request.")

    @classmethod
    def of(cls, code: TroubleCode, language: Language) -> "Trouble":
        """The trouble in words."""
        return cls(code=code, message=TROUBLE_TEXTS[code][language])


class Readiness(BaseModel):
    """Whether requests can be served. With problems they can, but imports wait or lack something meanwhile."""

    model_config = with_examples(examples.READY, examples.DEGRADED)

    status: Literal["ready", "degraded"]
    database: Literal["ok"] = "ok"
    temporal: Literal["ok", "away"]
    problems: Sequence[Trouble] = Field(description="Why it is `degraded`; empty while it is `ready`.")


class Features(BaseModel):
    """What the user interface shows."""

    import_progress: bool


class ClientConfig(BaseModel):
    """What a user interface has to know about this installation."""

    model_config = with_examples(examples.CONFIG)

    websocket_url: str
    temporal_ui_url: str
    temporal_namespace: str = Field(description="Where Temporal's Web UI has the workflows.")
    features: Features
    speech_to_text: SpeechToText
    languages: Sequence[Language]
    version: str


class BudgetOutput(BaseModel):
    """One limit of an upstream."""

    unit: BudgetUnit = Field(description="What is counted.")
    per_seconds: int = Field(description="It may have `limit` in any time of this length: an hour, or a day.")
    limit: int
    left: int = Field(description="Of `limit`, in the time that ends with the upstream's `at`.")

    @classmethod
    def of(cls, budget: BudgetStatus) -> "BudgetOutput":
        """The API's form of what a governor has said."""
        return cls(unit=budget.unit, per_seconds=budget.per_seconds, limit=budget.limit, left=int(budget.left))


class UpstreamOutput(BaseModel):
    """A server outside, and how fast it is asked right now over all workers together."""

    model_config = with_examples(examples.UPSTREAM)

    name: Upstream
    state: UpstreamState = Field(
        description="`closed`: calls go, unless a limit is reached; `open`: none goes until `resume_at`; "
        "`half_open`: the next import is tried with one call, which decides what follows; `paused`: none goes until "
        "the operator resumes."
    )
    paused: bool = Field(
        description="Whether imports wait: in every state but `closed`, and in that one while a limit is reached. For "
        "`transcription`: imports whose captions are to be made from speech."
    )
    reason: PauseReason | None = Field(
        description="Why imports wait; null while calls go. `hourly_requests` or `transcription_allowance` while "
        "`paused` is false: calls are slowed down, because the requests of an hour or a day are nearly spent."
    )
    message: str | None = Field(description="The reason in a plain sentence, in the language of the request.")
    since: datetime = Field(description="When the state began.")
    resume_at: datetime | None = Field(
        description="When calls go again or the next one is tried; null if unknown, or while one is being tried. With "
        "`hourly_requests` and `transcription_allowance`: when enough of the oldest no longer counts."
    )
    calls_per_second: float = Field(description="What is allowed right now; 0: nothing, or one call in `half_open`.")
    max_calls_per_second: float = Field(description="What is allowed in the long run; a burst may go faster.")
    burst: bool = Field(description="Whether the first calls after a quiet time may go faster.")
    hourly_requests: int | None = Field(
        description="How many any hour may have; a call makes one or more. Null: any number."
    )
    requests_left: int | None = Field(description="Of `hourly_requests`, in the hour before `at`.")
    budgets: Sequence[BudgetOutput] = Field(description="Every limit, the hourly requests too.")
    at: datetime = Field(description="When this was so.")

    @classmethod
    def of(cls, status: UpstreamStatus, language: Language) -> "UpstreamOutput":
        """The API's form of what a governor has said."""
        return cls(
            name=status.upstream,
            state=status.state,
            paused=status.is_paused,
            reason=status.reason,
            message=pause_text(status.upstream, status.reason, language) if status.reason else None,
            since=status.since,
            resume_at=status.resume_at,
            calls_per_second=status.calls_per_second,
            max_calls_per_second=status.max_calls_per_second,
            burst=status.is_burst,
            hourly_requests=status.hourly_requests,
            requests_left=status.requests_left,
            budgets=[BudgetOutput.of(budget) for budget in status.budgets],
            at=status.at,
        )


class UpstreamList(BaseModel):
    """Every upstream whose governor has spoken already, by name."""

    model_config = with_examples({"items": [examples.TRANSCRIPTION, examples.UPSTREAM]})

    items: Sequence[UpstreamOutput]


class UpstreamChange(BaseModel):
    """What the operator wants of an upstream, accepted and about to be done."""

    model_config = with_examples(examples.UPSTREAM_CHANGE)

    name: Upstream
    requested: Literal["pause", "resume"]
