"""Subscriptions: inputs and results of `CheckSubscription` and its activities."""

from uuid import UUID

from pydantic import BaseModel


class SubscriptionRef(BaseModel):
    """Input of whatever needs to know the subscription only."""

    subscription_id: UUID


class FeedRef(BaseModel):
    """A playlist whose feed is to be asked."""

    feed_id: str


class CheckPlan(BaseModel):
    """What a check does before it starts."""

    feed_id: str | None = None
    """The feed to ask; None: none, or not now."""


class StartCheckInput(BaseModel):
    """A check for new videos, which is a batch."""

    subscription_id: UUID
    batch_id: UUID
    """The id that its batch is to have: asked for twice, it begins once."""


class CheckStarted(BaseModel):
    """The outcome of starting a check."""

    is_subscribed: bool
    """False: the subscription was deleted."""
    batch_id: UUID | None = None
    """None: none began, because an earlier one is still under way, or nothing is new."""
