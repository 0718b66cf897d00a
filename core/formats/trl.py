"""TRL: chat messages with call arguments as objects, and the tool list in a column of its own.

Shapes after TRL's "Dataset formats" page (https://huggingface.co/docs/trl/dataset_formats). A plain
SFT run with `assistant_only_loss=True` trains every assistant turn of a conversation, so runs with a failing
call have no row there; the `trl-steps` dialect has one row per turn worth imitating and needs no mask at all.
"""

from collections.abc import Iterator

from core.formats.chat import answer_rules, as_chat, context_rules, conversation_rules, turn_rules
from core.formats.pairs import CONTRASTED, Messages, Preference, contrast_rows, preference_rows, twins_apart
from core.formats.shape import Arguments, Pairs, Shape, Thoughts
from core.formats.target import LINEAGE_COLUMNS, Row, Target, lineage, trained_turns, trains_failure
from core.models import AugmentedSample, LeftOut, OutputFormat

_JSON_LIST = "list: json"
_THOUGHTS = (Thoughts.CONTENT, Thoughts.REASONING, Thoughts.DROP)
_ARGUMENTS = (Arguments.OBJECT, Arguments.STRING)


def _columns(*names: str) -> tuple[tuple[str, str], ...]:
    return (*((name, _JSON_LIST) for name in names), ("tools", _JSON_LIST), *LINEAGE_COLUMNS)


def _shared(sample: AugmentedSample) -> Row:
    return {"tools": list(sample.tools), **lineage(sample)}


def _conversation(sample: AugmentedSample, shape: Shape) -> tuple[Row, ...] | LeftOut:
    if left_out := trains_failure(sample, instead="trl-steps"):
        return left_out
    return ({"messages": as_chat(sample.messages, shape), **_shared(sample)},)


def _steps(sample: AugmentedSample, shape: Shape) -> tuple[Row, ...]:
    chat, shared = as_chat(sample.messages, shape), _shared(sample)
    return tuple({"prompt": chat[:index], "completion": [chat[index]], **shared} for index in trained_turns(sample))


def _preference(sample: AugmentedSample, pair: Preference, shape: Shape) -> Row:
    return {
        "prompt": as_chat(pair.context, shape),
        "chosen": as_chat([pair.chosen], shape),
        "rejected": as_chat([pair.rejected], shape),
        **_shared(sample),
        "tools": list(pair.tools),
    }


def _contrast(sample: AugmentedSample, turns: Messages, wanted: bool, shape: Shape) -> Row:
    return {
        "prompt": as_chat(turns[:-1], shape),
        "completion": as_chat(turns[-1:], shape),
        "label": wanted,
        **_shared(sample),
    }


def _conversation_rules(row: Row, shape: Shape) -> Iterator[str]:
    yield from conversation_rules(row["messages"], shape)
    yield from _tool_rules(row)


def _step_rules(row: Row, shape: Shape) -> Iterator[str]:
    yield from context_rules(row["prompt"], shape)
    yield from turn_rules(row["completion"], "The completion", shape)
    yield from _tool_rules(row)


def _preference_rules(row: Row, shape: Shape) -> Iterator[str]:
    yield from context_rules(row["prompt"], shape)
    yield from turn_rules(row["chosen"], "The chosen turn", shape)
    yield from turn_rules(row["rejected"], "The rejected turn", shape)
    if row["chosen"] == row["rejected"]:
        yield "The chosen and the rejected turn are the same."
    yield from _tool_rules(row)


def _contrast_rules(row: Row, shape: Shape) -> Iterator[str]:
    yield from context_rules(row["prompt"], shape)
    yield from answer_rules(row["completion"], "The completion")
    yield from _tool_rules(row)


def _tool_rules(row: Row) -> Iterator[str]:
    if not isinstance(row["tools"], list) or any(not isinstance(tool, dict) for tool in row["tools"]):
        yield "The tools are not a list of objects."


_LOAD = 'load_dataset("FOLDER", split="train")'

SFT = Target(
    format=OutputFormat.SFT,
    dialect="trl",
    trainer="TRL SFTTrainer",
    description="Whole conversations without a failing call; train with assistant_only_loss=True.",
    columns=_columns("messages"),
    build=_conversation,
    rules=_conversation_rules,
    loading=f"SFTTrainer(model, args=SFTConfig(assistant_only_loss=True), train_dataset={_LOAD})",
    thoughts=_THOUGHTS,
    arguments=_ARGUMENTS,
)
STEPS = Target(
    format=OutputFormat.SFT,
    dialect="trl-steps",
    trainer="TRL SFTTrainer",
    description="One row per assistant turn that is worth imitating, with all before it as the prompt.",
    columns=_columns("prompt", "completion"),
    build=_steps,
    rules=_step_rules,
    loading=f"SFTTrainer(model, args=SFTConfig(), train_dataset={_LOAD})",
    thoughts=_THOUGHTS,
    arguments=_ARGUMENTS,
)
DPO = Target(
    format=OutputFormat.DPO,
    dialect="trl",
    trainer="TRL DPOTrainer",
    description="One prompt, two turns after it, of which the first is the better one.",
    columns=_columns("prompt", "chosen", "rejected"),
    build=preference_rows(_preference),
    rules=_preference_rules,
    loading=f"DPOTrainer(model, args=DPOConfig(), train_dataset={_LOAD})",
    thoughts=_THOUGHTS,
    arguments=_ARGUMENTS,
    pairs=tuple(Pairs),
)
KTO = Target(
    format=OutputFormat.KTO,
    dialect="trl",
    trainer="TRL KTOTrainer",
    description=CONTRASTED,
    columns=(*_columns("prompt", "completion")[:2], ("label", "bool"), *_columns()),
    build=contrast_rows(_contrast),
    rules=_contrast_rules,
    loading=f"KTOTrainer(model, args=KTOConfig(per_device_train_batch_size=2), train_dataset={_LOAD})",
    thoughts=_THOUGHTS,
    arguments=_ARGUMENTS,
    order=twins_apart,
)
