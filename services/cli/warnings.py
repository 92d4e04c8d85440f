"""`fanzha warnings`: what the warning pipeline does; each group of commands has its own file."""

import typer

app = typer.Typer(no_args_is_help=True, help="The warning pipeline: what waits, what failed.")
