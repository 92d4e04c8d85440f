"""Examples of commands, shown below their help: `examples.toml`, by the path of the command."""

from functools import cache
from pathlib import Path

from fanzha import toml_files
from fanzha.translation import catalogue

_FILE = Path(__file__).with_name("examples.toml")


@cache
def all_examples() -> dict[str, list[str]]:
    """Return the examples of each command, without the ``fanzha`` they begin with."""
    return {path: list(lines) for path, lines in toml_files.read_table(_FILE).items()}


def epilog(path: str) -> str | None:
    """Return what stands below the help of the command at *path*; None where it has no example."""
    lines = all_examples().get(path)
    if not lines:
        return None
    # The help of typer makes a line of each paragraph.
    return "\n\n".join((catalogue.gettext("Examples:"), *(f"  fanzha {line}" for line in lines)))
