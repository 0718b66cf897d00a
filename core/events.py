"""What a long act reports while it goes on; the command line and the app only listen."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a run has come. `last` names the trajectory that was just finished.

    `batch`: it asks by batch jobs, `batch_round` is the round of these that goes on (0: not known).
    `ending`: the run stops and waits for so many model calls in flight. `elsewhere`: it waits for so
    many trajectories that another run has in work. `stopped`: why it ended before its end. `seconds`
    count from its begin. Calls, tokens and dollars are those of this run; `unpriced` calls are not in
    `cost_usd`, because nobody has set their price. `from_store`: answers that stood in the store already.
    `note` is a line to say, now.
    """

    total: int
    done: int = 0
    proposed: int = 0
    skipped: int = 0
    failed: int = 0
    last: str = ""
    note: str = ""
    ending: int = 0
    batch: bool = False
    batch_round: int = 0
    elsewhere: int = 0
    stopped: str = ""
    seconds: float = 0.0
    in_flight: int = 0
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    from_store: int = 0


OnProgress = Callable[[Progress], None]
