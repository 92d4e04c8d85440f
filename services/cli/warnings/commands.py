"""`fanzha warnings`: what the warning pipeline does; each group of commands has its own file."""

import typer

from services.cli.warnings import (
    backfill,
    control,
    dead_letters,
    entries,
    examples,
    policy,
    policy_changes,
    regions,
    robot,
    sources,
    suspected,
    templates,
)

app = typer.Typer(no_args_is_help=True, help="The warning pipeline: what waits, what failed.")
app.add_typer(dead_letters.app, name="dead-letters")
app.command()(sources.sources)
app.command()(sources.feedback)
app.command()(entries.entries)
app.add_typer(examples.app, name="examples")
policy_changes.add_to(policy.app)
app.add_typer(policy.app, name="policy")
app.add_typer(templates.app, name="templates")
app.command()(regions.region)
app.add_typer(robot.app, name="robot")
app.command()(control.stop)
app.command()(control.start)
app.command()(control.status)
app.command("opt-out")(control.opt_out)
app.add_typer(backfill.app, name="backfill")
app.command()(backfill.backfills)
app.command()(suspected.suspected)
