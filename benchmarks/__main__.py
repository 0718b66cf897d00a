"""`python -m benchmarks [NAME]...`: all of them, or those named."""

import importlib
import sys

NAMES = (
    "startup",
    "importing",
    "pipeline",
    "queue",
    "thresholds",
    "order",
    "export",
    "ui",
    "llm",
    "tokens",
    "quality",
    "planted",
    "quality_llm",
    "quality_small",
)


def main(wanted: list[str]) -> None:
    """Run each benchmark and print its table."""
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        sys.exit(f"No benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}.")
    for name in wanted or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"\n{name}: {module.__doc__.splitlines()[0]}\n", flush=True)
        module.main()


if __name__ == "__main__":  # processes that a benchmark starts read this file too
    main(sys.argv[1:])
