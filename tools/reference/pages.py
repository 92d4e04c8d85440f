"""The generated pages of docs/reference by file name; a test holds each to the code."""

from services import access_page, configuration
from tools.reference import commands, metrics, protocol


def write_all() -> dict[str, str]:
    """Return the text of each page by its path below docs/reference."""
    return {
        "cli.md": commands.page(),
        "settings.md": configuration.page(),
        "metrics.md": metrics.page(),
        "roles.md": access_page.page(),
        **protocol.pages(),
    }
