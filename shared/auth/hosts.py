"""Which hosts this installation is: guards against DNS rebinding and against other websites' pages."""

from collections.abc import Collection, Sequence
from urllib.parse import urlsplit


def is_allowed_host(host: str, allowed: Collection[str]) -> bool:
    """Whether a Host header names one of the `allowed` hosts (in lower case), on whatever port."""
    return is_allowed_origin(f"//{host}", allowed)


def is_allowed_origin(origin: str, allowed: Collection[str]) -> bool:
    """Whether an Origin header belongs to a page of one of the `allowed` hosts (in lower case), on whatever port.

    Browsers send it with WebSocket handshakes and with whatever may change something; other programs need not.
    """
    try:
        return (urlsplit(origin).hostname or "") in allowed
    except ValueError:  # brackets that hold no IPv6 address
        return False


def is_own_request(hosts: Sequence[str], origins: Sequence[str], allowed: Collection[str]) -> bool:
    """Whether a request with these Host and Origin headers names one of the `allowed` hosts and comes from its pages.

    Of two, this program and another in front of it might believe different ones.
    """
    return (
        len(hosts) == 1
        and is_allowed_host(hosts[0], allowed)
        and len(origins) <= 1
        and all(is_allowed_origin(origin, allowed) for origin in origins)
    )
