"""Envoy and Squid with Fanzha beside the same servers without it, in one run.

    python -m benchmarks.adapters.http --seconds 3 --rounds 3

h2load (Debian: nghttp2-client) sends requests for one page over HTTP/1.1, to loopback only; the
site behind both gateways is another Envoy with a fixed answer. "kept" has the answers that adapters
keep for ``cache_seconds``; "asked" asks the service about every request (``cache_entries`` 0), as
for links that nobody opened before.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import machine, service
from tests.support.adapters import adapter
from tests.support.external_servers import program, started
from tests.support.reserved_ports import reserved_port
from tests.support.web_gateways import answers, envoy, squid

CLIENTS = 16
HOST = "shop.example"
_SITE = Path(__file__).with_name("site.yaml")


@dataclass(frozen=True, slots=True)
class Load:
    """What one cell measured."""

    per_second: float
    median_ms: float
    p99_ms: float


def main() -> int:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=3, help="of each cell")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="fanzha-bench-") as name, ExitStack() as stack:
        urls = _gateways(Path(name), stack)
        for url in urls.values():
            measure(url, 1, Path(name))
        found = {
            (label, at): measure(url, options.seconds, Path(name))
            for at in range(options.rounds)
            for label, url in urls.items()
        }
    _print({label: [found[label, at] for at in range(options.rounds)] for label in urls})
    return 0


def measure(url: str, seconds: int, folder: Path) -> Load:
    """Send requests in a closed loop; end with a message where more than a hundredth fail."""
    log = folder / "h2load.log"
    log.unlink(missing_ok=True)
    command = [
        program("h2load", package="nghttp2-client"), "--h1", "-c", str(CLIENTS), "-D", str(seconds),
        "-H", f"host: {HOST}", f"--log-file={log}", f"{url}/page",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=seconds + 60)
    rows = [line.split() for line in log.read_text().splitlines()]
    milliseconds = sorted(int(row[2]) / 1000 for row in rows if row[1] == "200")
    if len(milliseconds) < 0.99 * len(rows) or not rows:
        sys.exit(f"{len(rows) - len(milliseconds)} of {len(rows)} requests failed")
    return Load(
        per_second=len(milliseconds) / seconds,
        median_ms=statistics.median(milliseconds),
        p99_ms=milliseconds[int(0.99 * len(milliseconds))],
    )


def _gateways(folder: Path, stack: ExitStack) -> dict[str, str]:
    target = stack.enter_context(service.running(workers=1)).target
    site = stack.enter_context(_site(_made(folder, "site")))
    urls = {
        "Envoy": stack.enter_context(envoy(_made(folder, "e"), site, None)),
        "Squid": stack.enter_context(squid(_made(folder, "s"), site, None, accelerated=True)),
    }
    for kind, entries in (("kept", "65536"), ("asked", "0")):
        place = _made(folder, kind)
        port = {}
        for name, prefix in (("ext-authz", "EXT_AUTHZ"), ("icap", "ICAP")):
            settings = {"TARGETS": target, "LISTEN": "127.0.0.1:0", "TIMEOUT_MS": "1000"}
            settings |= {"CACHE_ENTRIES": entries}
            named = {f"FANZHA_{prefix}_{key}": value for key, value in settings.items()}
            running = stack.enter_context(adapter(name, place, **named))
            port[name] = running.port(name.replace("-", "_"))
        urls[f"Envoy, {kind}"] = stack.enter_context(envoy(place, site, port["ext-authz"]))
        urls[f"Squid, {kind}"] = stack.enter_context(
            squid(place, site, port["icap"], accelerated=True)
        )
    return urls


@contextmanager
def _site(folder: Path) -> Iterator[int]:
    port = reserved_port()
    config = folder / "site.yaml"
    config.write_text(_SITE.read_text().replace("PORT", str(port)))
    command = [str(Path(sys.executable).parent / "envoy"), "-c", str(config)]
    command += ["--concurrency", "1", "--base-id", str(port), "--log-level", "warning"]
    with started(command, folder, lambda: answers(f"http://127.0.0.1:{port}")):
        yield port


def _made(folder: Path, name: str) -> Path:
    place = folder / name
    place.mkdir()
    return place


def _print(found: dict[str, list[Load]]) -> None:
    lines = [json.dumps(machine.describe()), ""]
    lines += ["| gateway | requests/s | median ms | 99 % ms | requests/s by that without |"]
    lines += ["| --- | --: | --: | --: | --: |"]
    for label, rounds in found.items():
        plain = found[label.partition(",")[0]]
        ratio = statistics.median(
            one.per_second / other.per_second for one, other in zip(rounds, plain, strict=True)
        )
        middle = [
            statistics.median(getattr(one, name) for one in rounds)
            for name in ("per_second", "median_ms", "p99_ms")
        ]
        lines.append(
            f"| {label} | {middle[0]:,.0f} | {middle[1]:.2f} | {middle[2]:.2f} | {ratio:.2f} |"
        )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
