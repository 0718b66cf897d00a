"""Real chat templates, rendered without torch: nothing of a conversation may get lost on the way."""

import importlib.util
from pathlib import Path

import pytest

from core.formats import find_target
from core.models import OutputFormat

# Only the templates of the trl package are read; importing it would ask for torch.
_trl = importlib.util.find_spec("trl")
if _trl is None or importlib.util.find_spec("transformers") is None:
    pytest.skip("needs the trl and transformers packages, which no extra installs", allow_module_level=True)
TEMPLATES = Path(next(iter(_trl.submodule_search_locations))) / "chat_templates"
# Families that render parallel calls and thoughts in `content`; docs/exports.md names those that do not.
NAMES = ["qwen2_5", "qwen3", "qwen3_5_think", "glm4moe", "nemotron_3_nano", "lfm2_v2", "qwen3_6"]


@pytest.mark.parametrize("name", NAMES)
def test_a_template_renders_every_part_of_a_conversation_in_order(make_sample, name):
    from transformers.utils.chat_template_utils import render_jinja_template

    target = find_target(OutputFormat.SFT)
    [row] = target.rows([make_sample()])
    [text], _ = render_jinja_template(
        [row["messages"]], tools=row["tools"], chat_template=(TEMPLATES / f"{name}.jinja").read_text("utf-8")
    )
    parts = [
        "What does the X1 cost?", "Search first.", "rate_limited", "Both pages.", "proxy", "/stock", "1 dollars, Z",
        "It costs 1 dollars.",
    ]  # fmt: skip
    places = [text.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)
    assert text.rindex("You shop with care.") < places[0]
