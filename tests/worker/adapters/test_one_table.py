"""Only `adapters/youtube/errors.py` reads the messages of exceptions: all other code decides on types."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("services", "workflows", "shared")
CONNECTION_FAILURES = ROOT / "shared" / "temporal" / "errors.py"
"""The Temporal SDK raises a bare RuntimeError where a lazy client cannot connect."""
THE_TABLE = ROOT / "services" / "worker" / "adapters" / "youtube" / "errors.py"

WORDS = {"args", "msg", "message", "detail", "reason", "orig_msg", "sub_reasons", "strerror"}
"""Attributes of exceptions that hold text for people."""
JUDGES = {"startswith", "endswith", "find", "index", "count", "match", "search", "fullmatch", "findall", "finditer"}


def _exceptions(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Every name that holds an exception, and the code in which it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name, node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for argument in node.args.args + node.args.kwonlyargs:
                if argument.annotation and ast.unparse(argument.annotation).endswith(("Error", "Exception")):
                    yield argument.arg, node


def _is_words(node: ast.AST, name: str, text_names: set[str]) -> bool:
    """Whether an expression is the text of the exception `name`, or one of the names that hold it."""
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=attribute):
            return owner == name and attribute in WORDS
        case ast.Call(func=ast.Name(id="str" | "repr"), args=[ast.Name(id=argument)]):
            return argument == name
        case ast.FormattedValue(value=ast.Name(id=value)):
            return value == name
        case ast.Name(id=variable):
            return variable in text_names
        case _:
            return False


def decisions_on_words(source: str) -> list[int]:
    """The lines in which a program compares or searches the text of an exception."""
    lines: set[int] = set()
    for name, scope in _exceptions(ast.parse(source)):
        text_names: set[str] = set()
        for node in ast.walk(scope):
            if isinstance(node, ast.Assign | ast.NamedExpr) and _has_words(node.value, name, text_names):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                text_names |= {target.id for target in targets if isinstance(target, ast.Name)}
        parts = (node for node in ast.walk(scope) if isinstance(node, ast.expr | ast.stmt))
        lines |= {part.lineno for part in parts if _decides(part, name, text_names)}
    return sorted(lines)


def _has_words(tree: ast.AST, name: str, text_names: set[str]) -> bool:
    return any(_is_words(node, name, text_names) for node in ast.walk(tree))


def _decides(node: ast.AST, name: str, text_names: set[str]) -> bool:
    match node:
        case ast.Compare():
            return _has_words(node, name, text_names)
        case ast.Call(func=ast.Attribute(attr=method)) if method in JUDGES:
            return _has_words(node, name, text_names)
        case ast.Match(subject=subject):
            return _has_words(subject, name, text_names)
        case _:
            return False


def test_no_other_code_decides_on_an_exceptions_message() -> None:
    modules = {path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert THE_TABLE in modules
    found = {path: decisions_on_words(path.read_text()) for path in modules - {THE_TABLE, CONNECTION_FAILURES}}
    assert {str(path.relative_to(ROOT)): lines for path, lines in found.items() if lines} == {}


HANDLER = "try:\n    ask()\nexcept Exception as error:\n    {}"


@pytest.mark.parametrize(
    "code",
    [
        "if 'bot' in str(error): wait()",
        "if str(error) == 'bot': wait()",
        "if 'bot' in f'{error}'.lower(): wait()",
        "if error.args[0] == 'bot': wait()",
        "if error.detail.startswith('HTTP 429'): wait()",
        "if re.search('bot', error.msg): wait()",
        "text = repr(error).lower()\n    if 'bot' in text: wait()",
        "if (text := str(error)) and 'bot' in text: wait()",
        "match str(error):\n        case 'bot': wait()",
    ],
)
def test_the_rule_finds_decisions_on_words(code: str) -> None:
    assert decisions_on_words(HANDLER.format(code)) != []


def test_the_rule_finds_them_in_helpers_as_well() -> None:
    assert decisions_on_words("def is_bot(error: YoutubeError) -> bool:\n    return 'bot' in error.detail") == [2]


@pytest.mark.parametrize(
    "code",
    [
        "raise ValueError(f'not read: {error}') from error",
        "if error.status == 404: wait()",
        "if error.error_type is ErrorType.BOT_CHECK: wait()",
        "logger.info('failed: %s', error)\n    if attempts > 3: raise",
    ],
)
def test_the_rule_allows_types_and_logging(code: str) -> None:
    assert decisions_on_words(HANDLER.format(code)) == []
