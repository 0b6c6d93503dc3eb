"""Playlists and channels that are followed: what the workflow of a look for new videos gives and is given."""

from uuid import UUID

from pydantic import BaseModel


class SubscriptionRef(BaseModel):
    """Input of whatever needs to know the subscription only."""

    subscription_id: UUID


class BeginLook(BaseModel):
    """A look for new videos, which is a batch."""

    subscription_id: UUID
    batch_id: UUID
    """The id that its batch is to have: asked for twice, it begins once."""


class Look(BaseModel):
    """What became of a look that was to begin."""

    is_followed: bool
    """False: there is no such subscription any more."""
    batch_id: UUID | None = None
    """None: none began, because an earlier one is still under way."""
