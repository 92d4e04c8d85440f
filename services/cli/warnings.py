"""`fanzha warnings`: what the warning pipeline does; each group of commands has its own file."""

import typer

from services.cli import (
    warning_control,
    warning_dead,
    warning_entries,
    warning_examples,
    warning_policy,
    warning_reach,
    warning_regions,
    warning_sources,
    warning_suspected,
    warning_templates,
)

app = typer.Typer(no_args_is_help=True, help="The warning pipeline: what waits, what failed.")
app.add_typer(warning_dead.app, name="dead")
app.command()(warning_sources.sources)
app.command()(warning_sources.feedback)
app.command()(warning_entries.entries)
app.add_typer(warning_examples.app, name="examples")
app.add_typer(warning_policy.app, name="policy")
app.add_typer(warning_templates.app, name="templates")
app.command()(warning_regions.where)
app.command()(warning_control.stop)
app.command()(warning_control.start)
app.command()(warning_control.status)
app.command("opt-out")(warning_control.opt_out)
app.add_typer(warning_reach.app, name="reach")
app.command()(warning_reach.reaches)
app.command()(warning_suspected.suspected)
