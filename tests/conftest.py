"""Fixtures that several packages' tests share. Standing here also makes `openai_server` importable."""

from collections.abc import Iterator

import pytest
from openai_server import OpenAIServer


@pytest.fixture
def openai_server() -> Iterator[OpenAIServer]:
    """A model server on a free port of 127.0.0.1."""
    with OpenAIServer() as server:
        yield server
