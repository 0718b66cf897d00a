"""`python -m core.cli`, for processes that must run under this very interpreter."""

from core.cli import main

main()
