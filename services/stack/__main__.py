"""`python -m services.stack`: the `vidferry` command where it is not installed."""

from services.stack.cli import main

main()
