"""`fanzha version`."""

from importlib.metadata import version as distribution_version

from services.cli._common.console import out


def print_version() -> None:
    """Print the version."""
    out.print(distribution_version("fanzha"))
