"""Training formats: what an approved sample looks like to each trainer. A new one is one dict entry."""

from core.errors import UserError
from core.formats import llamafactory, ms_swift, openai, reference, trl
from core.formats.target import Row, Target
from core.models import OutputFormat

_TARGETS = (
    trl.SFT,
    trl.STEPS,
    trl.DPO,
    trl.KTO,
    llamafactory.SHAREGPT,
    llamafactory.SHAREGPT_STEPS,
    llamafactory.DPO,
    llamafactory.KTO,
    ms_swift.SFT,
    ms_swift.DPO,
    ms_swift.KTO,
    openai.SFT,
    openai.DPO,
    reference.TEXT,
    reference.TURNS,
)
FORMATS: dict[tuple[OutputFormat, str], Target] = {
    (target.format, target.dialect): target.shaped() for target in _TARGETS
}
DEFAULT_DIALECT: dict[OutputFormat, str] = {
    OutputFormat.SFT: "trl",
    OutputFormat.DPO: "trl",
    OutputFormat.KTO: "trl",
    OutputFormat.SHAREGPT: "llamafactory",
    OutputFormat.OPENAI: "openai",
}


def find_target(output_format: OutputFormat, dialect: str | None = None) -> Target:
    """Find the target of `output_format` in `dialect`, by default the format's usual one.

    Raises `UserError` naming the dialects there are.
    """
    target = FORMATS.get((output_format, dialect or DEFAULT_DIALECT[output_format]))
    if target is None:
        known = ", ".join(name for fmt, name in FORMATS if fmt is output_format)
        raise UserError(f"Format {output_format} has no dialect {dialect!r}; use one of: {known}.")
    return target


__all__ = ["DEFAULT_DIALECT", "FORMATS", "Row", "Target", "find_target"]
