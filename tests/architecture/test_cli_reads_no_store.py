"""Commands ask a server: none opens a store, or the files of a log, past its roles and records.

What works on files of the same host by design stands in the allow-list, each with its reason;
docs/how-to/identity.md names it to users.
"""

import ast
from collections.abc import Iterator

from tests.support.checkout import CHECKOUT

CLI = CHECKOUT / "services" / "cli"
ALLOWED = {
    ("services/cli/decisions/log_access.py", "services.decision_log.query"): (
        "--offline: the log of a host that list administration cannot read"
    ),
}
LIBRARIES = ("redis", "duckdb", "infra.redis", "services.decision_log.query")
STORES = ("store", "checkpoint_copies", "segment_files")
"""Last parts of the names of modules that open a store or files of a log."""


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield every module that is imported, also within functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_store(module: str) -> bool:
    if any(module == name or module.startswith(f"{name}.") for name in LIBRARIES):
        return True
    first, last = module.partition(".")[0], module.rpartition(".")[2]
    return first in {"services", "blocklists", "infra"} and (
        last in STORES or last.endswith("_store")
    )


def found() -> set[tuple[str, str]]:
    """Return each module of the command line, with what it imports that opens a store."""
    pairs = set()
    for path in sorted(CLI.rglob("*.py")):
        modules = set(filter(is_store, imports(ast.parse(path.read_text(encoding="utf-8")))))
        # Of a module and a name in it, the module.
        outer = {one for one in modules if one.rpartition(".")[0] not in modules}
        pairs |= {(path.relative_to(CHECKOUT).as_posix(), module) for module in outer}
    return pairs


def test_no_command_opens_a_store() -> None:
    assert sorted(found() - ALLOWED.keys()) == []


def test_nothing_is_allowed_in_vain() -> None:
    assert sorted(ALLOWED.keys() - found()) == []
