"""`fanzha warnings policy`: read, check and try the policy that gives cases their tiers."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from fanzha.errors import Unavailable
from infra.clock import now_ms
from services.cli._common.console import fail, out, print_json, progress
from services.cli._common.options import AsJson
from services.cli._common.stores import DEFAULT_DATA_DIR, DataDir, RedisUrl, store_url
from services.cli._common.time_arguments import moment
from services.warning.model import Tier
from services.warning.policy import facts, plans
from services.warning.policy.preview import PolicyPreview, PolicyPreviewer
from services.warning.policy.tiers import TierPolicy

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
_TIERS = {Tier.LOW: "低 low", Tier.MEDIUM: "中 medium", Tier.HIGH: "高 high"}


@app.command()
def check(file: PolicyFile = None, groups: Groups = None) -> None:
    """Check a policy; ends with status 1 when something is wrong."""
    policy = _load(file)
    context = _context(groups)
    out.print(f"policy {policy.version}: {len(policy.lines)} lines, nothing wrong")
    wanted = {name for line in policy.lines for name in line.when.get("groups", ())}
    if groups and (missing := sorted(wanted - context.groups)):
        out.print(f"no row of {groups} has the groups {', '.join(missing)}", markup=False)


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
                    for tier in Tier
                },
            }
        )
        return
    out.print(
        f"policy {policy.version}: {policy.medium} points are 中 medium, {policy.high} are 高 high"
    )
    table = Table(box=None, pad_edge=False)
    for head in ("line", "effect", "when", "about"):
        # Cut, a condition would have lost its number.
        table.add_column(head, overflow="fold")
    for line in policy.lines:
        table.add_row(line.id, line.effect, _conditions(line.when), line.about)
    out.print(table)
    for tier in Tier:
        out.print(f"{_TIERS[tier]}: {plans.told(policy.plans[tier])}")


@app.command()
def preview(
    file: Annotated[Path, typer.Argument(help="TOML file of the policy to try.")],
    against: Annotated[
        Path | None,
        typer.Option(
            envvar="FANZHA_WARNING_POLICY_FILE",
            help="The policy in force. None: that of the package.",
        ),
    ] = None,
    since: Annotated[str, typer.Option(help="Cases opened from then on: 30d, 2026-11-25.")] = "30d",
    region: Annotated[str, typer.Option(help="Only cases of this region, such as 3405.")] = "",
    groups: Groups = None,
    examples: Annotated[int, typer.Option(min=0, help="Cases shown for each change.")] = 5,
    redis_url: RedisUrl = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Tell how many past cases another policy would give another tier, and which lines would.

    Both policies judge each case as it stands now, so what is shown is the effect of the policy.
    """
    before, after = _load(against), _load(file)
    context = _context(groups)
    start = moment(since, now_ms(), "--since")
    url = store_url(redis_url, data_dir)
    previewing = PolicyPreviewer(before, after, examples=examples)
    try:
        asyncio.run(_go_through(url, previewing, context, start, region))
    except Unavailable as error:
        fail(str(error))
    result = previewing.result
    if as_json:
        print_json(_words(before, after, result))
    else:
        _show(before, after, result)


async def _go_through(
    url: str, previewing: PolicyPreviewer, context: facts.RiskContext, start: int, region: str
) -> None:
    from infra.redis.client import connect
    from services.warning.cases.listing import CaseListing
    from services.warning.cases.store import CaseStore

    client = connect(url)
    try:
        listing = CaseListing(client, CaseStore(client))
        total = await listing.count(region=region, only_open=False)
        with progress() as bar:
            # Of all cases of the region; what is older is passed over.
            task = bar.add_task("judging cases", total=total)
            async for case, _ in listing.walk(region=region, since=start):
                previewing.add(facts.facts_of(case, context))
                bar.advance(task)
            bar.update(task, completed=total)
    finally:
        await client.aclose()


def _show(before: TierPolicy, after: TierPolicy, found: PolicyPreview) -> None:
    out.print(
        f"policy {after.version} in place of {before.version}: of {found.cases} cases "
        f"{found.changed} get another tier"
    )
    if not found.cases:
        return
    table = Table("now", *(f"then {_TIERS[tier]}" for tier in Tier), box=None, pad_edge=False)
    for old in Tier:
        row = [str(found.matrix.get((old, new), 0)) for new in Tier]
        table.add_row(_TIERS[old], *row)
    out.print(table)
    used = sorted(found.lines.items(), key=lambda pair: -pair[1])
    out.print("lines: " + ", ".join(f"{line} {count}" for line, count in used), markup=False)
    for one in found.examples:
        lines = ", ".join(one.lines) or "no line"
        out.print(
            f"case {one.case_id}: {_TIERS[one.before]} → {_TIERS[one.after]} ({lines})",
            markup=False,
        )


def _words(before: TierPolicy, after: TierPolicy, found: PolicyPreview) -> dict[str, Any]:
    return {
        "before": before.version,
        "after": after.version,
        "cases": found.cases,
        "changed": found.changed,
        "matrix": [
            {"before": old.name.lower(), "after": new.name.lower(), "cases": count}
            for (old, new), count in sorted(found.matrix.items())
        ],
        "lines": found.lines,
        "examples": [
            {
                "case_id": one.case_id,
                "before": one.before.name.lower(),
                "after": one.after.name.lower(),
                "lines": one.lines,
            }
            for one in found.examples
        ],
    }


def _conditions(when: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{word}={'/'.join(value) if isinstance(value, list) else value}"
        for word, value in when.items()
    )


def _load(file: Path | None) -> TierPolicy:
    try:
        return TierPolicy.load(file)
    except ValueError as error:
        fail(str(error))


def _context(file: Path | None) -> facts.RiskContext:
    try:
        return facts.load(file)
    except ValueError as error:
        fail(str(error))
