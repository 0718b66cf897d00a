"""LLaMA-Factory: ShareGPT conversations, tools as a JSON string, and the `dataset_info.json` that names them.

Its loader drops a row that breaks its rules with no more than a warning, so every rule seen in
`converter.py` and `formatter.py` of the project (https://github.com/hiyouga/LLaMA-Factory) is checked
here. A turn's thought and calls share one `function_call` value; parallel calls share one observation.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from core.formats.chat import ECHO_LENGTH, spoken
from core.formats.pairs import CONTRASTED, Messages, Preference, contrast_rows, preference_rows, twins_apart
from core.formats.shape import Pairs, Shape
from core.formats.target import LINEAGE_COLUMNS, Row, Target, lineage, trained_turns, trains_failure
from core.formats.text import clean, from_json, to_json
from core.models import AugmentedSample, LeftOut, Message, OutputFormat

_TURN = re.compile(r"(?:<think>\n(?P<thought>.*?)\n</think>\n\n)?(?P<calls>[\[{].*)", re.DOTALL)
# Words the loader searches for in the whole value; text of the run must not be taken for them.
_MARKERS = re.compile(r"<(/?(?:think|tool_call))>")
_TURNS_TYPE = "\n    list:\n    - name: from\n      dtype: string\n    - name: value\n      dtype: string"
_TURN_TYPE = _TURNS_TYPE.replace("list:", "struct:")
_SHARED_COLUMNS = (("system", "string"), ("tools", "string"), *LINEAGE_COLUMNS)


def _shared(sample: AugmentedSample, messages: Messages, tools: tuple[dict[str, Any], ...]) -> Row:
    first = messages[0] if messages else None
    system = first.content if first and first.role == "system" else ""
    return {"system": system, "tools": to_json(clean(tools)), **lineage(sample)}


def _conversation(sample: AugmentedSample, shape: Shape) -> tuple[Row, ...] | LeftOut:
    if left_out := trains_failure(sample, instead="llamafactory-steps"):
        return left_out
    shared = _shared(sample, sample.messages, sample.tools)
    return ({"conversations": _turns(sample.messages, shape), **shared},)


def _steps(sample: AugmentedSample, shape: Shape) -> tuple[Row, ...]:
    shared = _shared(sample, sample.messages, sample.tools)
    return tuple(
        {"conversations": _turns(sample.messages[: index + 1], shape), **shared} for index in trained_turns(sample)
    )


def _preference(sample: AugmentedSample, pair: Preference, shape: Shape) -> Row:
    return {
        "conversations": _turns(pair.context, shape),
        "chosen": _assistant(pair.chosen, shape),
        "rejected": _assistant(pair.rejected, shape),
        **_shared(sample, pair.context, pair.tools),
    }


def _contrast(sample: AugmentedSample, turns: Messages, wanted: bool, shape: Shape) -> Row:
    return {
        "conversations": _turns(turns, shape),
        "kto_tag": wanted,
        **_shared(sample, turns, sample.tools),
    }


def _turns(messages: Sequence[Message], shape: Shape) -> list[Row]:
    turns: list[Row] = []
    results: list[Message] = []
    for index, message in enumerate(messages):
        match message.role:
            case "system":
                if index:  # only the first has a column; another one is shown, and refused by the rules
                    turns.append({"from": "system", "value": message.content})
            case "user":
                turns.append({"from": "human", "value": message.content})
            case "assistant":
                turns.append(_assistant(message, shape))
            case "tool":
                results.append(message)
                following = messages[index + 1].role if index + 1 < len(messages) else ""
                if following != "tool":
                    turns.append({"from": "observation", "value": _observation(results)})
                    results = []
    return turns


def _assistant(message: Message, shape: Shape) -> Row:
    if not message.tool_calls:
        return {"from": "gpt", "value": spoken(message, shape)}
    calls = [{"name": call.name, "arguments": call.arguments} for call in message.tool_calls]
    # In JSON a marker can be spelled so that the loader's search passes over it and parsing restores it.
    written = _MARKERS.sub(r"\\u003c\1>", to_json(clean(calls if len(calls) > 1 else calls[0])))
    thought = _MARKERS.sub(r"[\1]", spoken(message, shape)).strip()
    value = f"<think>\n{thought}\n</think>\n\n{written}" if thought else written
    return {"from": "function_call", "value": value}


def _observation(results: Sequence[Message]) -> str:
    """One result as it came; several as a JSON list in the order of their calls."""
    if len(results) == 1:
        return results[0].content
    return to_json(clean([{"name": result.name, "content": result.content} for result in results]))


def _conversation_rules(row: Row, _: Shape) -> Iterator[str]:
    yield from _turn_rules(row["conversations"], ends_with_assistant=True)
    yield from _tools_rules(row)


def _preference_rules(row: Row, _: Shape) -> Iterator[str]:
    yield from _turn_rules(row["conversations"], ends_with_assistant=False)
    for side in ("chosen", "rejected"):
        name = f"The {side} turn"
        turn = row[side]
        if not _is_turn(turn) or turn["from"] not in ("gpt", "function_call") or not turn["value"].strip():
            yield f"{name} is not one turn of the assistant."
        elif turn["from"] == "function_call":
            yield from _call_rules(name, turn["value"], "", [])
    if row["chosen"] == row["rejected"]:
        yield "The chosen and the rejected turn are the same."
    yield from _tools_rules(row)


def _is_turn(turn: Any) -> bool:
    return isinstance(turn, dict) and isinstance(turn.get("from"), str) and isinstance(turn.get("value"), str)


def _turn_rules(turns: Any, *, ends_with_assistant: bool) -> Iterator[str]:
    if not isinstance(turns, list) or not turns or not all(_is_turn(turn) for turn in turns):
        yield "The conversation is not a list of turns with `from` and `value`."
        return
    if len(turns) % 2 == ends_with_assistant:
        verb = "does not end" if ends_with_assistant else "ends"
        yield f"The conversation {verb} with the assistant; the loader would drop it."
    for index, turn in enumerate(turns):
        wanted = ("gpt", "function_call") if index % 2 else ("human", "observation")
        if turn["from"] not in wanted:
            yield f"Turn {index + 1} is {turn['from']}, where the loader wants {' or '.join(wanted)}."
        if turn["from"] in ("human", "gpt") and not turn["value"].strip():
            yield f"Turn {index + 1} ({turn['from']}) says nothing."
        if turn["from"] == "observation" and (index == 0 or turns[index - 1]["from"] != "function_call"):
            yield f"Turn {index + 1}: the tool result answers no call."
        if turn["from"] == "function_call":
            result = turns[index + 1]["value"] if index + 1 < len(turns) else ""
            yield from _call_rules(
                f"Turn {index + 1}", turn["value"], result, [before["value"] for before in turns[:index]]
            )


def _call_rules(name: str, value: str, result: str, before: list[str]) -> Iterator[str]:
    parts = _TURN.fullmatch(value)
    calls = _parsed(parts["calls"]) if parts else None
    if parts is None or calls is None:
        yield f"{name}: after its thought the value is not JSON of a call."
        return
    if _MARKERS.search(parts["calls"]) or _MARKERS.search(parts["thought"] or ""):
        yield f"{name}: a thought or call holds a marker that the loader reads as its own."
    for call in calls:
        if not isinstance(call, dict) or not call.get("name") or not isinstance(call.get("arguments"), dict):
            yield f"{name}: a call needs a name and an object of arguments."
    if len(result) >= ECHO_LENGTH and result in (parts["thought"] or "") and not any(result in b for b in before):
        yield f"{name}: the tool result also stands inside the thought before it."


def _tools_rules(row: Row) -> Iterator[str]:
    tools = _parsed(row["tools"])
    if tools is None or any(not isinstance(tool, dict) for tool in tools):
        yield "The tools are not a JSON string of a list."


def _parsed(text: str) -> list[Any] | None:
    try:
        data = from_json(text)
    except ValueError:
        return None
    return data if isinstance(data, list) else [data]


def _info(**columns: str) -> Any:
    shared = {"messages": "conversations", "system": "system", "tools": "tools"}
    ranking: Row = {"ranking": True} if "chosen" in columns else {}

    def entry(file_name: str) -> Row:
        return {"file_name": file_name, "formatting": "sharegpt", **ranking, "columns": shared | columns}

    return entry


SHAREGPT = Target(
    format=OutputFormat.SHAREGPT,
    dialect="llamafactory",
    trainer="LLaMA-Factory, stage sft",
    description="Whole conversations without a failing call, in ShareGPT turns; tool results are never trained.",
    columns=(("conversations", _TURNS_TYPE), *_SHARED_COLUMNS),
    build=_conversation,
    rules=_conversation_rules,
    loading="llamafactory-cli train: stage: sft, dataset_dir: FOLDER, dataset: NAME",
    dataset_info=_info(),
)
SHAREGPT_STEPS = Target(
    format=OutputFormat.SHAREGPT,
    dialect="llamafactory-steps",
    trainer="LLaMA-Factory, stage sft, mask_history: true",
    description="One row per assistant turn that is worth imitating; train with mask_history: true.",
    columns=(("conversations", _TURNS_TYPE), *_SHARED_COLUMNS),
    build=_steps,
    rules=_conversation_rules,
    loading="llamafactory-cli train: stage: sft, mask_history: true, dataset_dir: FOLDER, dataset: NAME",
    dataset_info=_info(),
)
DPO = Target(
    format=OutputFormat.DPO,
    dialect="llamafactory",
    trainer="LLaMA-Factory, stage dpo",
    description="One conversation, two turns after it, of which the first is the better one.",
    columns=(("conversations", _TURNS_TYPE), ("chosen", _TURN_TYPE), ("rejected", _TURN_TYPE), *_SHARED_COLUMNS),
    build=preference_rows(_preference),
    rules=_preference_rules,
    loading="llamafactory-cli train: stage: dpo, dataset_dir: FOLDER, dataset: NAME",
    dataset_info=_info(chosen="chosen", rejected="rejected"),
    pairs=tuple(Pairs),
)
KTO = Target(
    format=OutputFormat.KTO,
    dialect="llamafactory",
    trainer="LLaMA-Factory, stage kto",
    description=CONTRASTED,
    columns=(("conversations", _TURNS_TYPE), ("kto_tag", "bool"), *_SHARED_COLUMNS),
    build=contrast_rows(_contrast),
    rules=_conversation_rules,
    loading="llamafactory-cli train: stage: kto, dataset_dir: FOLDER, dataset: NAME",
    order=twins_apart,
    dataset_info=_info(kto_tag="kto_tag"),
)
