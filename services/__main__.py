"""The `fanzha` command."""

import os

import typer

from fanzha.translation import catalogue
from services.cli._common import login
from services.cli._common.lazy_commands import group_of

COMMANDS = {
    "up": "processes.up",
    "serve": "processes.serve",
    "admin": "processes.admin",
    "warn": "processes.warn",
    "worker": "processes.worker",
    "eval": "eval.commands.evaluate",
    "train": "train.train",
    "fingerprint": "lists.fingerprint.print_fingerprint",
    "campaigns": "campaigns.show_campaigns",
    "graph": "graph.app",
    "version": "version.print_version",
    "check": "check.commands.app",
    "replay": "replay.commands.app",
    "score": "eval.score.app",
    "blocklist": "lists.commands.app",
    "changes": "changes.commands.app",
    "policy": "policy.commands.app",
    "audit": "audit.commands.app",
    "hits": "hits.app",
    "decisions": "decisions.commands.app",
    "appeals": "appeals.commands.app",
    "models": "models.commands.app",
    "bench": "bench.app",
    "identity": "identity.app",
    "warnings": "warnings.commands.app",
    "cases": "cases.commands.app",
    "report": "report.commands.app",
}
"""What `fanzha` can do, in the order of its help, and where in `services.cli` that is."""

app = typer.Typer(
    cls=group_of(COMMANDS),
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="Fanzha 反诈: lets calls, texts and links through, or blocks them as fraud.",
)
app.callback()(login.show)


def main() -> None:
    """Run the command, in the language of the user."""
    catalogue.use(catalogue.language_of(os.environ))
    app()


if __name__ == "__main__":
    main()
