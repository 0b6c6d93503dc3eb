"""Files that an operator has who lends an account of the fake YouTube to the worker."""

from pathlib import Path

from fakes.youtube import ACCOUNT

SECRET = "s3cr3t-of-the-account"
"""In every cookie that nobody but YouTube may see."""


def cookie(name: str, value: str, *, domain: str = ".youtube.com", prefix: str = "") -> str:
    """One line of such a file."""
    return f"{prefix}{domain}\tTRUE\t/\tTRUE\t2000000000\t{name}\t{value}\n"


def cookies(*, login: str = ACCOUNT) -> str:
    """What a browser's extension exports: with cookies of other sites, and two lines that are damaged."""
    return "# Netscape HTTP Cookie File\n\n" + "".join(
        [
            cookie("LOGIN_INFO", login, prefix="#HttpOnly_"),
            cookie("SAPISID", SECRET),
            cookie("SID", SECRET, domain=".google.com"),
            f"damaged {SECRET}\n",
            cookie("DAMAGED", SECRET).replace("TRUE", "FALSE"),
        ]
    )


def cookies_file(directory: Path) -> Path:
    """The operator's file, as it has to be."""
    path = directory / "exported.txt"
    path.touch(0o600)
    path.write_text(cookies())
    return path


def deno(directory: Path) -> Path:
    """A program that says it is a deno; nothing has to run it, because the fake YouTube protects no address."""
    path = directory / "deno"
    path.write_text("#!/bin/sh\necho 'deno 2.9.8 (stable)'\n")
    path.chmod(0o755)
    return path
