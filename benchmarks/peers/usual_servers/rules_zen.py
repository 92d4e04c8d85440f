"""Applies our first rules in one process: as a decision table of GoRules ZEN, or as ours.

    python rules_zen.py FOLDER SECONDS                  # in the peers' environment
    python -m benchmarks.peers.usual_servers.rules_ours FOLDER SECONDS ROWS

FOLDER holds ``evidence.json``: rows of what is known of a call. Prints one line of JSON.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

RULES: tuple[tuple[dict[str, str], str], ...] = (
    ({"invalid": "true"}, "allow"),
    ({"protected": "true"}, "allow"),
    ({"listed": "'allow'"}, "allow"),
    ({"listed": "'block'"}, "block"),
    ({"scored": "false"}, "allow"),
    ({"score": ">= threshold"}, "block"),
    ({}, "allow"),
)
"""Conditions by field, and the action; the first that holds decides."""
FIELDS = ("invalid", "protected", "listed", "scored", "score")


def table() -> str:
    """Return the decision in ZEN's form."""
    rules = [
        {"_id": str(number), **{field: condition.get(field, "") for field in FIELDS}}
        | {"action": f"'{action}'"}
        for number, (condition, action) in enumerate(RULES)
    ]
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": field, "field": field, "name": field} for field in FIELDS],
        "outputs": [{"id": "action", "field": "action", "name": "action"}],
        "rules": rules,
    }
    nodes: list[dict[str, Any]] = [
        {"id": "in", "type": "inputNode", "name": "in"},
        {"id": "rules", "type": "decisionTableNode", "name": "rules", "content": content},
        {"id": "out", "type": "outputNode", "name": "out"},
    ]
    edges = [
        {"id": "first", "sourceId": "in", "targetId": "rules", "type": "edge"},
        {"id": "second", "sourceId": "rules", "targetId": "out", "type": "edge"},
    ]
    return json.dumps({"nodes": nodes, "edges": edges})


def main(folder: Path, seconds: float) -> None:
    """Evaluate row by row, as its interface has it, for the given time."""
    import zen  # type: ignore[import-not-found]  # noqa: PLC0415  only in the peers' venv

    rows = json.loads((folder / "evidence.json").read_text())
    ask = zen.ZenEngine().create_decision(table()).evaluate
    blocked = sum(ask(row)["result"]["action"] == "block" for row in rows)
    done, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        for row in rows[:256]:
            ask(row)
        done += len(rows[:256])
    report = {"per_second": done / spent, "done": done, "blocked": blocked}
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
