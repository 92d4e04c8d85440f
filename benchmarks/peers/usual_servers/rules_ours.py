"""Applies our rules to the rows that `rules_zen` gets, in one process."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from fanzha.decisions import Action
from services.decision.rules import rule

_ACTIONS = {"": 0, "allow": Action.ALLOW, "block": Action.BLOCK}


def columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the rows as `rule` takes them."""
    scores = [row["score"] if row["scored"] else np.nan for row in rows]
    return {
        "invalid": np.array([row["invalid"] for row in rows]),
        "protected": np.array([row["protected"] for row in rows]),
        "listed": np.array([_ACTIONS[row["listed"]] for row in rows], np.uint8),
        "scores": np.array(scores, np.float32),
        "threshold": rows[0]["threshold"],
    }


def main(folder: Path, seconds: float, size: int) -> None:
    """Apply the rules to batches of *size* rows for the given time."""
    rows = json.loads((folder / "evidence.json").read_text())
    blocked = int(np.count_nonzero(rule(**columns(rows)).actions == Action.BLOCK))
    batches = [columns(rows[start : start + size]) for start in range(0, len(rows), size)]
    done, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        for batch in batches:
            rule(**batch)
        done += len(rows)
    report = {"per_second": done / spent, "done": done, "blocked": blocked}
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
