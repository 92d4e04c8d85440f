"""The `fanzha` command."""

from importlib.metadata import version as distribution_version

import typer

from services.cli import (
    appeals,
    audit,
    bench,
    blocklist,
    changes,
    check,
    decisions,
    hits,
    identity,
    login,
    models,
    replay,
    run,
    score,
    warnings,
)
from services.cli.campaigns import show_campaigns
from services.cli.console import out
from services.cli.eval import evaluate
from services.cli.fingerprint import print_fingerprint
from services.cli.train import train

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="Fanzha 反诈: lets calls, texts and links through, or blocks them as fraud.",
)
app.callback()(login.show)
app.command()(run.up)
app.command()(run.serve)
app.command()(run.admin)
app.command()(run.warn)
app.command(hidden=True)(run.worker)
app.add_typer(check.app, name="check")
app.add_typer(replay.app, name="replay")
app.add_typer(score.app, name="score")
app.command("eval")(evaluate)
app.command()(train)
app.command("fingerprint")(print_fingerprint)
app.command("campaigns")(show_campaigns)
app.add_typer(blocklist.app, name="blocklist")
app.add_typer(changes.app, name="changes")
app.add_typer(audit.app, name="audit")
app.add_typer(hits.app, name="hits")
app.add_typer(decisions.app, name="decisions")
app.add_typer(appeals.app, name="appeals")
app.add_typer(models.app, name="models")
app.add_typer(bench.app, name="bench")
app.add_typer(identity.app, name="identity")
app.add_typer(warnings.app, name="warnings")


@app.command()
def version() -> None:
    """Print the version."""
    out.print(distribution_version("fanzha"))


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
