"""The `fanzha` command."""

import typer

from services.cli._common import login
from services.cli._common.lazy_commands import group_of

COMMANDS = {
    "up": "run.up",
    "serve": "run.serve",
    "admin": "run.admin",
    "warn": "run.warn",
    "worker": "run.worker",
    "eval": "eval.evaluate",
    "train": "train.train",
    "fingerprint": "fingerprint.print_fingerprint",
    "campaigns": "campaigns.show_campaigns",
    "version": "version.print_version",
    "check": "check.app",
    "replay": "replay.app",
    "score": "score.app",
    "blocklist": "blocklist.app",
    "changes": "changes.app",
    "audit": "audit.app",
    "hits": "hits.app",
    "decisions": "decisions.app",
    "appeals": "appeals.app",
    "models": "models.app",
    "bench": "bench.app",
    "identity": "identity.app",
    "warnings": "warnings.app",
    "cases": "cases.app",
    "report": "report.app",
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
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
