"""The `fanzha` command."""

import os

import typer

from fanzha.translation import catalogue
from services.cli._common import login
from services.cli._common.lazy_commands import group_of

COMMANDS = {
    "up": (
        "processes.up",
        "Run everything on this machine, on an embedded Valkey unless FANZHA_REDIS_URL is set.",
    ),
    "serve": ("processes.serve", "Run the interception workers of this host."),
    "admin": ("processes.admin", "Run list administration."),
    "warn": (
        "processes.warn",
        "Run the warning pipeline: from hits and warnings to people who are warned.",
    ),
    "console": (
        "processes.console",
        "Run the console: the pages in a browser, on servers that run already.",
    ),
    "worker": ("processes.worker", "Run one interception worker; `serve` starts these."),
    "backup": (
        "processes.backup",
        "Write the data of this host to a file, while it serves or not.",
    ),
    "restore": (
        "processes.restore",
        "Unpack a backup into the data folder, which must be missing or empty.",
    ),
    "eval": (
        "eval.commands.evaluate",
        "Measure a model on a labelled file, at the threshold of its card.",
    ),
    "train": (
        "train.train",
        "Train a model on labelled tables, or a simulation; write its bundle and the page about "
        "it.",
    ),
    "fingerprint": (
        "lists.fingerprint.print_fingerprint",
        "Print the fingerprint of each text, by which near-duplicates are listed.",
    ),
    "campaigns": (
        "campaigns.show_campaigns",
        "Show the largest campaigns: near-duplicates of one text, by fingerprint.",
    ),
    "graph": ("graph.app", "Show what is seen together with fraud."),
    "version": ("version.print_version", "Print the version."),
    "check": ("check.commands.app", "Ask for one decision, explained."),
    "replay": ("replay.commands.app", "Send a file of traffic through a running server."),
    "score": (
        "eval.score.app",
        "Run the models only: no lists, no server, at the thresholds of their cards.",
    ),
    "blocklist": ("lists.commands.app", "Show and change the block and allow lists."),
    "sources": (
        "sources.commands.app",
        "Sources: servers and folders that lists, warnings and reports are pulled from.",
    ),
    "changes": (
        "changes.commands.app",
        "Changes to the lists: propose, preview, approve, apply, undo, compare.",
    ),
    "policy": (
        "policy.commands.app",
        "The policy of each carrier: show, compare, propose, undo; `fanzha changes` approves.",
    ),
    "audit": ("audit.commands.app", "Read the audit log, check its integrity, export evidence."),
    "risk": (
        "risk.risk",
        "Show how much is known against numbers: none, medium, high or very high.",
    ),
    "hits": ("hits.app", "Follow hits, confirm and dismiss them."),
    "decisions": (
        "decisions.commands.app",
        "Query the decision log: which decisions, why, and how many.",
    ),
    "appeals": (
        "appeals.commands.app",
        "Appeals against blocks: open, review, decide, lift, notify.",
    ),
    "entities": (
        "entities.commands.app",
        "Companies, platforms and apps that must leave the market: steps, proofs, sightings.",
    ),
    "incidents": (
        "incidents.commands.app",
        "Incidents: gather what belongs together, move it through its stages, hand over leads.",
    ),
    "assessment": (
        "assessment.commands.app",
        "Member units: their tasks, and the monthly assessment from the system's own figures.",
    ),
    "education": (
        "education.commands.app",
        "Educational campaigns: draft, preview, approve, stop, and measure by hold-out groups.",
    ),
    "models": ("models.commands.app", "List models; swap, shadow and roll back."),
    "bench": ("bench.app", "Measure speed; from a checkout only."),
    "doctor": (
        "doctor.doctor",
        "Check the connection to a service, and what an operator should know of it.",
    ),
    "profile": (
        "profile.app",
        "Name services, and who you are there, to connect to them.",
    ),
    "identity": (
        "identity.app",
        "Make identities to try roles with; ask who a server takes you for.",
    ),
    "warnings": ("warnings.commands.app", "The warning pipeline: what waits, what failed."),
    "cases": (
        "cases.commands.app",
        "Cases of people at risk, at the desk of a city or county: list, take, note, close.",
    ),
    "report": ("report.commands.app", "Figures that a bureau reports."),
}
"""What `fanzha` can do, in the order of its help: where in `services.cli` it is, and its summary.

Summaries stand here so that help loads no command; a test compares them with the commands.
"""

app = typer.Typer(
    cls=group_of(COMMANDS),
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
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
