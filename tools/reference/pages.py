"""The generated pages of docs/reference by file name; a test holds each to the code."""

from services.auth import roles_page
from services.console import app
from services.console.web import role_table
from services.settings import loader
from tools.reference import adapters, client, commands, metrics, origin, protocol


def write_all() -> dict[str, str]:
    """Return the text of each page by its path below docs/reference."""
    return {
        "adapters.md": adapters.page(),
        "client.md": client.page(),
        "cli.md": commands.page(),
        "settings.md": loader.page(),
        "metrics.md": metrics.page(),
        "roles.md": roles_page.page(),
        "console-pages.md": role_table.page(app.PAGES),
        "origin.md": origin.page(),
        **protocol.pages(),
    }
