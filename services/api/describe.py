"""`python -m services.api.describe` prints the API's description (OpenAPI), of which the page's types are made."""

import json
import sys

from services.api.app import create_app
from shared.settings import Settings


def description() -> str:
    """The API's description as JSON, the same for every installation."""
    return json.dumps(create_app(Settings()).openapi())


if __name__ == "__main__":
    sys.stdout.write(description())
