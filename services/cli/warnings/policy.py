"""`fanzha warnings policy`: read, check and try the policy that gives cases their tiers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import warning_operations_pb2 as pb
from infra.clock import now_ms
from services.cli._common.console import fail, fault_text, os_fault, out, print_json, progress
from services.cli._common.enum_words import enum_word
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import Since, moment
from services.cli.warnings.operations_server import LONG_SECONDS, server
from services.warning import model
from services.warning.policy import facts, plans, tiers

app = typer.Typer(
    no_args_is_help=True, help="The policy that says how urgent a case is: 高, 中 or 低."
)

PolicyFile = Annotated[
    Path | None, typer.Argument(help="TOML file of a policy. None: that of the package.")
]
Groups = Annotated[
    Path | None,
    typer.Option(
        envvar="FANZHA_WARNING_GROUPS_FILE",
        help="CSV file of kind, value, group that lines with groups look at.",
    ),
]


@app.command()
def check(file: PolicyFile = None, groups: Groups = None) -> None:
    """Check a policy; ends with status 1 when something is wrong."""
    policy = _load(file)
    context = _context(groups)
    out.print(
        gettext(
            "policy {version}: {lines} lines, nothing wrong",
            version=policy.version,
            lines=len(policy.lines),
        )
    )
    named_groups = {name for line in policy.lines for name in line.when.get("groups", ())}
    if groups and (missing := sorted(named_groups - context.groups)):
        out.print(
            gettext(
                "no row of {groups} has the groups {missing}",
                groups=groups,
                missing=", ".join(missing),
            ),
            markup=False,
        )


@app.command()
def show(file: PolicyFile = None, as_json: AsJson = False) -> None:
    """Show a policy line by line."""
    policy = _load(file)
    if as_json:
        print_json(
            {
                "version": policy.version,
                "points": {"medium": policy.medium, "high": policy.high},
                "lines": [
                    {"id": one.id, "effect": one.effect, "when": one.when, "about": one.about}
                    for one in policy.lines
                ],
                "steps": {
                    tier.name.lower(): [
                        {"channel": one.channel, "within_ms": one.within_ms}
                        for one in policy.plans[tier]
                    ]
                    for tier in model.Tier
                },
            }
        )
        return
    out.print(
        gettext(
            "policy {version}: {medium} points are tier medium, {high} are tier high",
            version=policy.version,
            medium=policy.medium,
            high=policy.high,
        )
    )
    table = RowTable()
    for head in ("line", "effect", "when", "about"):
        table.add_column(gettext(head), prose=head in ("when", "about"))
    for line in policy.lines:
        table.add_row(line.id, line.effect, _conditions(line.when), line.about)
    table.print()
    for tier in model.Tier:
        out.print(f"{_tier(tier.name)}: {plans.formatted(policy.plans[tier])}")


@app.command()
def preview(
    file: Annotated[Path, typer.Argument(help="TOML file of the policy to try.")],
    against: Annotated[
        Path | None,
        typer.Option(help="The policy to compare with. None: that of the server's settings."),
    ] = None,
    since: Since = "30d",
    region: Annotated[str, typer.Option(help="Only cases of this region, such as 3405.")] = "",
    examples: Annotated[int, typer.Option(min=0, max=100, help="Cases shown for each change.")] = 5,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Tell how many past cases another policy would give another tier, and which lines would.

    Both policies judge each case as it stands now, so what is shown is the effect of the policy.
    Groups are those of the server's settings.
    """
    request = pb.PreviewPolicyRequest(
        policy=_text(file),
        against=_text(against) if against else "",
        since_ms=moment(since, now_ms(), "--since"),
        region=region,
        examples=examples,
    )
    found = pb.PolicyPreview()
    with server(target) as stub, progress() as bar:
        # Of all cases of the region; what is older is passed over.
        task = bar.add_task(gettext("judging cases"), total=None, note="")
        for answer in stub.PreviewPolicy(request, timeout=LONG_SECONDS):
            bar.update(task, total=answer.expected, completed=answer.judged)
            found.MergeFrom(answer.preview)
    if as_json:
        print_json(_words(found))
    else:
        _show(found)


def _show(found: pb.PolicyPreview) -> None:
    out.print(
        gettext(
            "policy {after_version} in place of {before_version}: of {cases} cases "
            "{changed} get another tier",
            after_version=found.after_version,
            before_version=found.before_version,
            cases=found.cases,
            changed=found.changed,
        )
    )
    if not found.cases:
        return
    table = RowTable(
        gettext("now"), *(gettext("then {tiers}", tiers=_tier(tier.name)) for tier in model.Tier)
    )
    matrix = {(one.before, one.after): one.cases for one in found.matrix}
    for old in model.Tier:
        row = [str(matrix.get((old.name.lower(), new.name.lower()), 0)) for new in model.Tier]
        table.add_row(_tier(old.name), *row)
    table.print()
    used = sorted(found.lines.items(), key=lambda pair: (-pair[1], pair[0]))
    out.print(
        gettext("lines: ") + ", ".join(f"{line} {count}" for line, count in used), markup=False
    )
    _show_examples(found)


def _show_examples(found: pb.PolicyPreview) -> None:
    for one in found.examples:
        lines = ", ".join(one.lines) or gettext("no line")
        before, after = _tier(one.before), _tier(one.after)
        out.print(
            gettext(
                "case {case_id}: {before} → {after} ({lines})",
                case_id=one.case_id,
                before=before,
                after=after,
                lines=lines,
            ),
            markup=False,
        )


def _words(found: pb.PolicyPreview) -> dict[str, Any]:
    return {
        "before": found.before_version,
        "after": found.after_version,
        "cases": found.cases,
        "changed": found.changed,
        "matrix": [
            {"before": one.before, "after": one.after, "cases": one.cases} for one in found.matrix
        ],
        "lines": dict(found.lines),
        "examples": [
            {
                "case_id": one.case_id,
                "before": one.before,
                "after": one.after,
                "lines": list(one.lines),
            }
            for one in found.examples
        ],
    }


def _tier(word: str) -> str:
    return enum_word("case_tier", word)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        fail(f"{file}: {os_fault(error) if isinstance(error, OSError) else gettext('no text')}")


def _conditions(when: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{word}={'/'.join(value) if isinstance(value, list) else value}"
        for word, value in when.items()
    )


def _load(file: Path | None) -> tiers.TierPolicy:
    try:
        return tiers.TierPolicy.load(file)
    except ValueError as error:
        fail(fault_text(error))


def _context(file: Path | None) -> facts.RiskContext:
    try:
        return facts.load(file)
    except ValueError as error:
        fail(fault_text(error))
