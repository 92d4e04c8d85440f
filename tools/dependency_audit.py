"""Reads what pip-audit found, and ends with status 1 where a package has a known vulnerability.

A package that pip-audit cannot look up, because a mirror has no data on vulnerabilities, is no
package without any: it is counted, and named where others could be looked up.
"""

import json
import sys
from typing import Any


def main(text: str) -> int:
    """Print what the report says; return the exit status."""
    try:
        found: list[dict[str, Any]] = list(json.loads(text)["dependencies"])
    except (ValueError, KeyError, TypeError):
        print("audit: pip-audit gave no report; nothing is known about any package")  # noqa: T201
        return 0
    skipped = [one for one in found if "skip_reason" in one]
    faulty = [one for one in found if one.get("vulns")]
    for line in _lines(len(found), skipped, faulty):
        print(line)  # noqa: T201
    return 1 if faulty else 0


def _lines(count: int, skipped: list[dict[str, Any]], faulty: list[dict[str, Any]]) -> list[str]:
    lines = [
        f"{one['name']} {one['version']}: {fault['id']}"
        f" (mended in {', '.join(fault['fix_versions']) or 'no version'})"
        for one in faulty
        for fault in one["vulns"]
    ]
    looked_up = count - len(skipped)
    if not looked_up:
        return ["audit: no data on vulnerabilities can be reached; no package was looked up"]
    if skipped:
        lines.append("not looked up: " + ", ".join(one["name"] for one in skipped))
    lines.append(f"audit: {looked_up} of {count} packages looked up, {len(faulty)} vulnerable")
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.stdin.read()))
