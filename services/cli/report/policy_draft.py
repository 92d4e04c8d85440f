"""Drafts a warning policy from a report on groups at risk: a draft, which two people must want.

Nothing is changed by it. The draft is the policy in force with one more line, for the groups whose
rate is higher than that of others beyond doubt; it raises nobody by itself (`POINTS` are less than
any tier needs). Who thinks it right proposes it, with its preview on recorded cases, and another
person approves it, as any change of the policy.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from fanzha.translation.catalogue import gettext
from fanzha.v1 import warning_policy_pb2 as policy_pb
from fanzha.v1 import warning_policy_pb2_grpc
from fanzha.v1 import warning_report_pb2 as pb
from infra import atomic_file
from infra.clock import now_ms
from services.cli._common.console import err, fail
from services.cli._common.server import ServerOf
from services.cli._common.time_arguments import day

POINTS = 10
"""Points of the drafted line."""
_LINE = "at-risk"
_VERSION = re.compile(r'^version\s*=\s*"([^"]*)"', re.MULTILINE)
_OLD_LINE = re.compile(
    rf'^# Drafted from .*\n\[\[line\]\]\nid = "{_LINE}"\n(?:.+\n)*\n?', re.MULTILINE
)
_server = ServerOf(lambda: warning_policy_pb2_grpc.WarningPolicyServiceStub, deadline_seconds=30.0)


def write(report: pb.TargetingReport, file: Path, target: str) -> None:
    """Write the draft, and say what it has and who may make it count."""
    names = at_risk(report)
    if not names:
        fail(gettext("no group has a higher rate beyond doubt: there is nothing to draft"))
    with _server(target) as stub:
        found = stub.GetWarningPolicy(policy_pb.GetWarningPolicyRequest())
    text = drafted(found.policy.document, report, names)
    with atomic_file.replacing_text(file) as lines:
        lines.write(text)
    err.print(
        gettext(
            "{file}: a draft with {count} groups. It counts once `fanzha warnings policy propose "
            "{file}` is approved by another person.",
            file=str(file),
            count=len(names),
        ),
        markup=False,
        soft_wrap=True,
    )


def at_risk(report: pb.TargetingReport) -> list[str]:
    """Return the groups whose rate is higher than that of others beyond doubt."""
    return [one.name for one in report.groups if one.HasField("rate") and one.rate.low > 1]


def drafted(document: str, report: pb.TargetingReport, names: list[str]) -> str:
    """Return a policy with a line for groups, in place of one that was drafted before."""
    since, until = (day(at_ms // 1000) for at_ms in (report.since_ms, report.until_ms))
    kept = _OLD_LINE.sub("", document)
    version = _VERSION.search(kept)
    made = day(now_ms() // 1000)
    if version is not None:
        base = version[1].partition(".targets-")[0]
        start, end = version.span()
        kept = f'{kept[:start]}version = "{base}.targets-{made}"{kept[end:]}'
    groups = ", ".join(json.dumps(name, ensure_ascii=False) for name in names)
    line = (
        f"# Drafted from cases of {since} to {until}: rates above those of others, beyond doubt.\n"
        f'[[line]]\nid = "{_LINE}"\n'
        f'about = "重点人群。Groups whose rate of cases is higher, {since} to {until}."\n'
        f"when = {{ groups = [{groups}] }}\npoints = {POINTS}\n"
    )
    return f"{kept.rstrip()}\n\n{line}"
