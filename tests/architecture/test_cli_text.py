"""What commands print has no markup: text from outside could bring its own."""

import ast
import re
from pathlib import Path

CLI = Path(__file__).parents[2] / "services" / "cli"
_STYLES = re.compile(r"\[(?:/|/?(?:bold|dim|italic|red|green|yellow|blue|cyan|magenta)\b[^\]]*)\]")


def test_no_command_prints_markup_of_its_own() -> None:
    found = [
        f"{path.relative_to(CLI)}:{node.lineno}"
        for path in CLI.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _STYLES.search(node.value)
    ]

    assert found == []
