"""What the adapters rely on in yt-dlp beyond its public options: private methods, their signatures, client names.

`describe` runs in a process that uses one version, `differences` compares two such descriptions. What the adapters
override or call is found by introspection, so that a new override is covered without being listed here.
"""

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import Parameter, Signature
from pkgutil import walk_packages
from types import CodeType
from typing import Any

from pydantic import BaseModel

import services.worker.adapters.youtube as adapters
from services.worker.adapters.youtube.clients import PLAYERS
from services.worker.extractor.store import PACKAGE

_VARIABLE = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


class Argument(BaseModel):
    """One parameter of a method."""

    name: str
    kind: str
    is_required: bool


class Member(BaseModel):
    """A method or attribute of yt-dlp that the adapters override or use."""

    arguments: list[Argument] | None
    """None: it is no function, or one without a signature."""
    is_overridden: bool = False
    fits: bool = True
    """Whether the override takes the arguments that yt-dlp may pass."""


class Contract(BaseModel):
    """What one version of yt-dlp offers of what the adapters need."""

    members: dict[str, Member]
    """By class and name, such as `VideoIE.extract_ytcfg`."""
    clients: list[str]
    """Of YouTube's API, by name."""
    scripts: str = ""
    """The one version of yt-dlp-ejs that it accepts."""


def describe() -> Contract:
    """Describe the version that this process uses."""
    from yt_dlp.extractor.youtube import _base

    return Contract(
        members={f"{own.__name__}.{name}": member for own in _own_classes() for name, member in _members(own)},
        clients=sorted(_base.INNERTUBE_CLIENTS),
        scripts=_scripts(),
    )


def _scripts() -> str:
    try:
        from yt_dlp.extractor.youtube.jsc._builtin import vendor
    except ImportError:  # not public: who permits no JavaScript does not depend on it
        return ""
    return str(vendor.VERSION)


def differences(expected: Contract, found: Contract) -> list[str]:
    """Return in what `found` breaks what `expected` (the bundled version) offers; empty: it fits."""
    broken = [problem for name, member in expected.members.items() if (problem := _broken(name, member, found))]
    broken += [f"no client {name}" for name in PLAYERS if name in expected.clients and name not in found.clients]
    return broken


def _own_classes() -> Iterator[type]:
    """The adapters' classes that are derived from yt-dlp's."""
    for module in walk_packages(adapters.__path__, f"{adapters.__name__}."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, type) and value.__module__ == module.name and _bases(value):
                yield value


def _bases(own: type) -> list[type]:
    return [base for base in own.__mro__ if base.__module__.partition(".")[0] == PACKAGE]


def _members(own: type) -> Iterator[tuple[str, Member]]:
    base = _bases(own)[0]
    overrides = {name for name in vars(own) if not _is_special(name) and hasattr(base, name)}
    used = {name for value in vars(own).values() for name in _names_in(value) if hasattr(base, name)}
    for name in sorted(overrides | used):
        if hasattr(object, name):
            continue
        signature = _signature(base, name)
        is_overridden = name in overrides
        fits = not is_overridden or _takes(_signature(own, name), signature)
        arguments = None if signature is None else [_argument(each) for each in signature.parameters.values()]
        yield name, Member(arguments=arguments, is_overridden=is_overridden, fits=fits)


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _names_in(value: object) -> Iterator[str]:
    """The attributes that a method names, those in its inner functions included."""
    function = inspect.unwrap(value.__func__ if isinstance(value, (classmethod, staticmethod)) else value)  # type: ignore[arg-type]  # anything may be unwrapped
    pending = [function.__code__] if inspect.isfunction(function) else []
    while pending:
        code = pending.pop()
        yield from code.co_names
        pending += [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _signature(owner: type, name: str) -> Signature | None:
    """As a caller sees it who has an instance."""
    found: Any = inspect.getattr_static(owner, name)
    is_bound = not isinstance(found, staticmethod)
    function: Callable[..., Any] = getattr(found, "__func__", found)
    if not callable(function):
        return None
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    parameters = list(signature.parameters.values())
    return signature.replace(parameters=parameters[1:] if is_bound and inspect.isroutine(function) else parameters)


def _argument(parameter: Parameter) -> Argument:
    is_required = parameter.default is Parameter.empty and parameter.kind not in _VARIABLE
    return Argument(name=parameter.name, kind=parameter.kind.name, is_required=is_required)


def _takes(override: Signature | None, base: Signature | None) -> bool:
    """Whether an override can be called with everything that the overridden method takes."""
    if override is None or base is None:
        return True
    parameters = base.parameters.values()
    positional = [each.name for each in parameters if each.kind.name in _BY_POSITION]
    named = {each.name: None for each in parameters if each.kind is Parameter.KEYWORD_ONLY}
    return _can_bind(override, positional, named) or _can_bind(override, [], named | dict.fromkeys(positional))


def _can_bind(signature: Signature, positional: list[str], named: dict[str, None]) -> bool:
    try:
        signature.bind(*positional, **named)
    except TypeError:
        return False
    return True


def _broken(name: str, expected: Member, contract: Contract) -> str | None:
    found = contract.members.get(name)
    if found is None:
        return f"{name} is gone"
    if expected.fits and not found.fits:
        return f"{name} is called in another way"
    if expected.arguments is None or found.arguments is None:
        return f"{name} is something else" if (expected.arguments is None) != (found.arguments is None) else None
    before, now = expected.arguments, found.arguments
    names = [(each.name, each.kind) for each in now if each.kind not in {kind.name for kind in _VARIABLE}]
    missing = [each.name for each in before if (each.name, each.kind) not in names and each.kind in _NAMED]
    added = [each.name for each in now if each.is_required and each.name not in {old.name for old in before}]
    in_order = [each.name for each in before if each.kind in _BY_POSITION]
    moved = not missing and [each.name for each in now if each.kind in _BY_POSITION][: len(in_order)] != in_order
    changed = [*missing, *added] or (["order"] if moved else [])
    return f"{name} has other arguments ({', '.join(changed)})" if changed else None


_BY_POSITION = {Parameter.POSITIONAL_ONLY.name, Parameter.POSITIONAL_OR_KEYWORD.name}
_NAMED = _BY_POSITION | {Parameter.KEYWORD_ONLY.name}
