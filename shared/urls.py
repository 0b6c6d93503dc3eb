"""URLs in settings."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

GROQ_URL = "https://api.groq.com/openai/v1"
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
"""Begins with a letter: `3232235777` is an address."""


def http_parts(url: str) -> SplitResult | None:
    """The parts of a URL of HTTP or HTTPS; None for what no library could use as one."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 80) > 0
    except ValueError:
        return None
    return parts if is_usable else None


def is_nearby(host: str) -> bool:
    """Whether the host is this machine, or has a name without a domain, as services of Docker Compose have."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return _NAME.fullmatch(host) is not None


def split_urls(urls: SecretStr | None) -> list[str]:
    """The URLs in a list with commas between them; a comma in a URL is written as `%2C`."""
    return [url.strip() for url in urls.get_secret_value().split(",") if url.strip()] if urls else []


def is_groqs(url: str) -> bool:
    """Whether a key that is sent there reaches Groq, and nobody else."""
    url_parts, groqs = urlsplit(url), urlsplit(GROQ_URL)
    return (url_parts.scheme, url_parts.hostname) == (groqs.scheme, groqs.hostname)
