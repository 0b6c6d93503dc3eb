"""Sentences for people, by code and language: `<language>.toml` beside this module has them all."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from shared.i18n.languages import Language

_THOUSANDS = {Language.EN: ",", Language.DE: "."}


@cache
def sentences(language: Language) -> Mapping[str, str]:
    """Every sentence of a language, by key: `<table>.<code>`. The file is read once per process."""
    tables = tomllib.loads(Path(__file__).with_name(f"{language}.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {f"{table}.{code}": text for table, texts in tables.items() for code, text in texts.items()}
    )


def text(key: str, language: Language = Language.EN, **values: object) -> str:
    """The sentence for `key`, with `values` filled in; whole numbers are grouped as the language does.

    Raises:
        KeyError: no such key, or a placeholder without a value.
    """
    shown = {name: _shown(value, language) for name, value in values.items()}
    return sentences(language)[key].format_map(shown)


def _shown(value: object, language: Language) -> str:
    return f"{value:,}".replace(",", _THOUSANDS[language]) if isinstance(value, int) else str(value)
