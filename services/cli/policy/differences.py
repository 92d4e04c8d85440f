"""Shows what a change of the carrier policy changes, and what that would have decided."""

from __future__ import annotations

from fanzha.translation.catalogue import gettext
from fanzha.v1 import change_pb2 as pb
from services.cli._common.console import PlainConsole, out


def show(policy: pb.ProposedPolicy, console: PlainConsole = out) -> None:
    """Print the settings in effect that a change of the carrier policy changes."""
    if not policy.differences:
        console.print(f"  {gettext('changes no setting in effect')}")
    for one in policy.differences:
        text = f"  {one.carrier}  {one.setting}: {one.before} -> {one.after}"
        console.print(text, markup=False, soft_wrap=True)
    if policy.HasField("impact"):
        _show_impact(policy.impact, console)


def _show_impact(impact: pb.PolicyImpact, console: PlainConsole) -> None:
    if impact.unknown_because:
        text = gettext("impact not known: {why}", why=impact.unknown_because)
        console.print(f"  {text}", soft_wrap=True)
        if not impact.rows_examined:
            return
    heading = (
        gettext("of the last {hours:.1f} h, by estimate, decided otherwise:", hours=impact.hours)
        if impact.carriers
        else gettext("of the last {hours:.1f} h, nothing decided otherwise", hours=impact.hours)
    )
    console.print(f"  {heading}", soft_wrap=True)
    for one in impact.carriers:
        text = gettext(
            "{carrier}  {channel}: {block:,} more blocked, {allow:,} more let through",
            carrier=one.carrier or "-",
            channel=one.channel,
            block=one.would_block,
            allow=one.would_allow,
        )
        console.print(f"    {text}", soft_wrap=True)
    if impact.uncertain:
        text = gettext("not certain, the log says too little: {count:,}", count=impact.uncertain)
        console.print(f"  {text}", soft_wrap=True)
