"""`python -m services.api.describe` prints the OpenAPI description, from which the page's types are generated."""

import json
import sys

from services.api.app import create_app
from shared.settings import Settings


def description() -> str:
    """The OpenAPI description as JSON, the same for every installation."""
    return json.dumps(create_app(Settings()).openapi())


if __name__ == "__main__":
    sys.stdout.write(description())
