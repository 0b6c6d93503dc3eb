"""The page's types are those of the API."""

import json
import subprocess

import pytest

from services.api.app import create_app
from services.api.describe import description
from services.stack.home import PROJECT_ROOT
from shared.settings import Settings

FRONTEND = PROJECT_ROOT / "frontend"


def test_it_is_what_the_api_says_of_itself() -> None:
    assert json.loads(description()) == create_app(Settings()).openapi()


@pytest.mark.skipif(not (FRONTEND / "node_modules").exists(), reason="the page's tools are not installed: `make test`")
def test_the_types_of_the_page_are_made_from_it() -> None:
    command = [str(FRONTEND / "with-node"), "openapi-typescript"]
    made = subprocess.run(command, input=description(), capture_output=True, text=True, check=True).stdout

    is_current = made.strip() == (FRONTEND / "src/api/schema.ts").read_text().strip()
    assert is_current, "the API has changed: run `make types`"
