"""`fanzha warnings`: what the warning pipeline does; each group of commands has its own file."""

import typer

from services.cli import warning_dead, warning_sources

app = typer.Typer(no_args_is_help=True, help="The warning pipeline: what waits, what failed.")
app.add_typer(warning_dead.app, name="dead")
app.command()(warning_sources.sources)
app.command()(warning_sources.feedback)
