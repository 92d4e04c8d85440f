"""ClickHouse's engine for tests: chdb from its wheel, in a process of its own.

Its library brings threads and handlers of its own into a process, which tests that fork would
inherit.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.support.checkout import CHECKOUT
from tests.support.external_servers import skip_or_fail
from tests.support.processes import PATIENCE_SECONDS

Rows = list[list[Any]]


def answers(folder: Path, statements: Sequence[str]) -> list[Rows]:
    """Run statements in a database in *folder*; return the rows of each, without names.

    Integers of 64 bits are numbers; times are texts.
    """
    if find_spec("chdb") is None:
        skip_or_fail("ClickHouse's engine is not installed: pip install chdb-core-lite")
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.clickhouse", str(folder)],
        cwd=CHECKOUT,
        input=json.dumps(list(statements)),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS * 2,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr[-4000:])
    found: list[Rows] = json.loads(done.stdout)
    return found


def _main(folder: str, statements: Sequence[str]) -> None:
    # Here, as it brings threads.
    session: Any = import_module("chdb.session").Session(folder)
    session.query("SET output_format_json_quote_64bit_integers = 0")
    rows: list[Rows] = []
    for statement in statements:
        text = str(session.query(statement, "JSONCompactEachRow"))
        rows.append([json.loads(line) for line in text.splitlines() if line])
    session.close()
    sys.stdout.write(json.dumps(rows))


if __name__ == "__main__":
    _main(sys.argv[1], json.loads(sys.stdin.read()))
