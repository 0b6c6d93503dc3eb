"""What the failure of a call to YouTube says of the extractor."""

import re

from services.worker.adapters.models import YoutubeError
from shared.contracts.errors import ERROR_RULES, ErrorType, Throttle
from shared.contracts.upstreams import Suspicion

MAX_CHARACTERS = 120

_ADDRESS = re.compile(r"https?://\S+")
_NUMBER = re.compile(r"\d+")


def suspicion_of(error: YoutubeError, step: str, subject: str, channel_id: str | None) -> Suspicion | None:
    """Return what the error says; None: nothing.

    Failures are alike that every client of the extractor is refused, for whatever reason; and all others whose texts
    are the same without the video's id, addresses and numbers.
    """
    if ERROR_RULES[error.error_type].throttle is not Throttle.SUSPECTS:
        return None
    is_refused = error.error_type is ErrorType.EXTRACTOR_OUTDATED
    text = _ADDRESS.sub("", error.detail.replace(subject, ""))
    fingerprint = " ".join(_NUMBER.sub("", text).split())
    return Suspicion(
        step=step,
        fingerprint=error.error_type if is_refused else fingerprint[:MAX_CHARACTERS],
        detail=" ".join(text.split())[:MAX_CHARACTERS],
        channel_id=channel_id,
        is_conclusive=error.are_clients_retired,
    )
