"""Schemas of subscriptions."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.api.batches.filters import WantedFilter
from services.api.batches.schemas import SourceAddress, WantedTab
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import ProblemDetails
from services.api.http.schemas import NextCursor
from shared.contracts.batches import ChannelTab, SourceKind, VideoFilter
from shared.contracts.errors import ErrorType
from shared.db.subscriptions import SubscriptionRecord
from shared.i18n.catalog import text
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text
from shared.youtube.source_urls import tab_of

MIN_INTERVAL_SECONDS = 900
MAX_INTERVAL_SECONDS = 2_592_000
DEFAULT_INTERVAL_SECONDS = 21_600

Interval = Annotated[
    int,
    Field(
        ge=MIN_INTERVAL_SECONDS,
        le=MAX_INTERVAL_SECONDS,
        description="Interval between two checks: 15 minutes to 30 days.",
    ),
]


class SubscriptionInput(BaseModel):
    """The playlist or channel to subscribe to."""

    model_config = ConfigDict(extra="forbid")

    list_id: UUID = Field(description="The list that new videos are added to.")
    source: SourceAddress
    tab: WantedTab = None
    filter: WantedFilter = None
    interval_seconds: Interval = DEFAULT_INTERVAL_SECONDS
    import_existing: bool = Field(default=False, description="Whether to import existing videos too, or only new ones.")


class SubscriptionChange(BaseModel):
    """The new interval."""

    model_config = ConfigDict(extra="forbid")

    interval_seconds: Interval


class CheckResult(BaseModel):
    """The result of the last check."""

    checked_at: datetime = Field(description="End of the check.")
    new: int = Field(description="Number of new videos.", examples=[2])
    members_only: int = Field(
        description="Videos for the channel's members on the pages that were read; they are not imported.", examples=[0]
    )
    error_code: ErrorType | None = Field(
        description="Why the check failed; the next check takes place all the same.", examples=[None]
    )
    error_message: str | None = Field(
        description="`error_code` as a sentence in the language of the request.",
        examples=[None],
    )

    @classmethod
    def of(cls, record: SubscriptionRecord, language: Language) -> "CheckResult | None":
        """The response for the last check; None before the first one."""
        if record.checked_at is None:
            return None
        return cls(
            checked_at=record.checked_at,
            new=record.last_new or 0,
            members_only=record.last_members_only or 0,
            error_code=record.error_code,
            error_message=import_error_text(record.error_code, language) if record.error_code else None,
        )


class SubscriptionOutput(BaseModel):
    """A playlist or channel whose new videos are added to a list automatically."""

    id: UUID
    list_id: UUID
    kind: SourceKind = Field(examples=["channel"])
    source: str = Field(description="Canonical URL.", examples=["https://www.youtube.com/@lamp-room/videos"])
    tab: ChannelTab | None = Field(description="Which of a channel's lists; null for playlists.", examples=["videos"])
    title: str | None = Field(description="Null before the first check.", examples=["The Lamp Room"])
    interval_seconds: int = Field(examples=[DEFAULT_INTERVAL_SECONDS])
    paused: bool = Field(examples=[False])
    import_existing: bool = Field(examples=[False])
    filter: VideoFilter | None = Field(description="Which of the videos are imported; null: all.", examples=[None])
    created_at: datetime
    next_check_at: datetime | None = Field(
        description="Time of the next check, if Temporal knows it and answers in time.",
        examples=["2026-11-23T20:03:41Z"],
    )
    last_result: CheckResult | None = Field(description="Null before the first check.")
    checking: bool = Field(
        description="Whether a check, or the import of its new videos, is running.", examples=[False]
    )

    @classmethod
    def of(
        cls, record: SubscriptionRecord, language: Language, next_check_at: datetime | None = None
    ) -> "SubscriptionOutput":
        """The response for a subscription."""
        return cls.model_validate(
            {
                **asdict(record),
                "tab": tab_of(record.source),
                "paused": record.is_paused,
                "next_check_at": next_check_at,
                "last_result": CheckResult.of(record, language),
                "checking": record.is_checking,
            }
        )


class SubscriptionPage(BaseModel):
    """A page of subscriptions, newest first."""

    items: Sequence[SubscriptionOutput]
    next_cursor: NextCursor


class SubscriptionConflict(ProblemDetails):
    """The problem `already_subscribed`."""

    detail: str = Field(examples=[text("problem.already_subscribed")])
    code: Literal[ProblemCode.ALREADY_SUBSCRIBED]
    subscription_id: UUID = Field(description="The existing subscription of the list.")
    subscription: SubscriptionOutput
