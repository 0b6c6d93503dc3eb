"""What goes in and out of the API where playlists and channels are followed."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.api import examples
from services.api.batch_schemas import SourceAddress
from services.api.schemas import with_examples
from shared.contracts.batches import SourceKind
from shared.contracts.errors import ErrorType
from shared.contracts.texts import Language, import_error_text
from shared.db.subscriptions import SubscriptionRecord

MIN_INTERVAL_SECONDS = 900
MAX_INTERVAL_SECONDS = 2_592_000
DEFAULT_INTERVAL_SECONDS = 21_600

Interval = Annotated[
    int,
    Field(
        ge=MIN_INTERVAL_SECONDS,
        le=MAX_INTERVAL_SECONDS,
        description="How often it is looked at: every 15 minutes to every 30 days.",
    ),
]


class SubscriptionInput(BaseModel):
    """What to follow."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SUBSCRIPTION_INPUT]}, extra="forbid")

    list_id: UUID = Field(description="The list that new videos come onto.")
    source: SourceAddress
    interval_seconds: Interval = DEFAULT_INTERVAL_SECONDS
    import_existing: bool = Field(
        default=False, description="Import what is there already, too; otherwise only what is new from now on."
    )


class SubscriptionChange(BaseModel):
    """How often to look."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SUBSCRIPTION_CHANGE]}, extra="forbid")

    interval_seconds: Interval


class LookResult(BaseModel):
    """What the last look found."""

    checked_at: datetime = Field(description="When the list was read to its end, or given up.")
    new: int = Field(description="How many videos that brought.")
    error_code: ErrorType | None = Field(description="Why it was given up; the next look is made all the same.")
    error_message: str | None = Field(description="That in a plain sentence, in the language of the request.")

    @classmethod
    def of(cls, record: SubscriptionRecord, language: Language) -> "LookResult | None":
        """None where there was no look yet."""
        if record.checked_at is None:
            return None
        return cls(
            checked_at=record.checked_at,
            new=record.last_new or 0,
            error_code=record.error_code,
            error_message=import_error_text(record.error_code, language) if record.error_code else None,
        )


class SubscriptionOutput(BaseModel):
    """A playlist or channel whose new videos come onto a list by themselves."""

    model_config = with_examples(examples.SUBSCRIPTION)

    id: UUID
    list_id: UUID
    kind: SourceKind
    source: str = Field(description="The one address that stands for it, however it was pasted.")
    title: str | None = Field(description="As YouTube calls it; null until it was read for the first time.")
    interval_seconds: int
    paused: bool
    import_existing: bool
    created_at: datetime
    next_check_at: datetime | None = Field(
        description="When it is looked at next; only where one subscription is read, and null where nobody knows."
    )
    last_result: LookResult | None = Field(description="Null until it was looked at.")
    checking: bool = Field(description="Whether a look, and the import of what it brought, is under way.")

    @classmethod
    def of(
        cls, record: SubscriptionRecord, language: Language, next_check_at: datetime | None = None
    ) -> "SubscriptionOutput":
        """The API's form of a subscription."""
        return cls.model_validate(
            {
                **asdict(record),
                "paused": record.is_paused,
                "next_check_at": next_check_at,
                "last_result": LookResult.of(record, language),
                "checking": record.is_checking,
            }
        )


class SubscriptionPage(BaseModel):
    """A page of subscriptions, newest first."""

    model_config = with_examples({"items": [examples.SUBSCRIPTION_LISTED], "next_cursor": examples.NULL})

    items: Sequence[SubscriptionOutput]
    next_cursor: str | None = Field(description="Where the next page begins; null at the end.")
