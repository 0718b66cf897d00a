"""The model server that these tests talk to."""

from openai_server import openai_server

__all__ = ["openai_server"]
