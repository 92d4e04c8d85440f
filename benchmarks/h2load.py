"""Runs h2load (Debian: nghttp2-client) on gRPC messages, and counts the messages it returns.

h2load sends one body over and over, so several run at once, each with a body of its own: what a
server has kept of one request does not answer the others.

It cannot tell a gRPC error from a response, since both have the HTTP status 200. But an error
carries no message, so the number of bytes of all responses shows how many carried one. A client
sends the same request before and after, and the shorter response is the expected length. h2load's
own warm-up is not used, because its byte count includes the warm-up.
"""

import re
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc

PREFIX_BYTES = 5
"""Bytes of the prefix of a gRPC message."""
MOST_WITHOUT_MESSAGE = 0.01
"""Largest share of refused requests; beyond it the rate does not measure the server."""
_GRACE_SECONDS = 60.0
_PROBE_SECONDS = 30.0
_RATE = re.compile(r"finished in [^,]+, ([0-9.]+) req/s")
_DONE = re.compile(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout")
_DATA = re.compile(r"\((\d+)\) data")
_TIMES = re.compile(r"time for request: +(\S+) +(\S+) +(\S+)")


class Failed(RuntimeError):
    """A run without a figure; the message says why."""


class Refused(Failed):
    """Too many requests were refused: fewer at a time are needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The result of one run."""

    per_second: float
    done: int
    data_bytes: int
    """Bytes of all responses, without frames."""
    times: tuple[str, ...] = ()
    """Least, most and mean time of a request, as h2load writes them."""

    def answered_share(self, answer_bytes: int) -> float:
        """Return the share of requests that brought a message of *answer_bytes*."""
        return min(self.data_bytes / (self.done * (answer_bytes + PREFIX_BYTES)), 1.0)


def read(text: str) -> Run:
    """Read h2load's summary; raises `Failed` for failed requests or an unknown form."""
    rate, counts, data = _RATE.search(text), _DONE.search(text), _DATA.search(text)
    if rate is None or counts is None or data is None:
        raise Failed(f"no figures in the output of h2load: {text[-200:]!r}")
    done, succeeded = int(counts[1]), int(counts[2])
    if not done or succeeded < done or any(map(int, counts.groups()[2:])):
        raise Failed(f"h2load: {counts[0]}")
    times = _TIMES.search(text)
    return Run(
        per_second=float(rate[1]),
        done=done,
        data_bytes=int(data[1]),
        times=times.groups() if times else (),
    )


def answered(run: Run, answer_bytes: int) -> float:
    """Return the requests a second that brought a message; `Failed` when too many did not."""
    share = run.answered_share(answer_bytes)
    if share < 1 - MOST_WITHOUT_MESSAGE:
        raise Refused(
            f"{1 - share:.1%} of {run.done:,} requests were refused, not answered: "
            "use fewer connections or streams"
        )
    return run.per_second * share


def measure(
    target: str,
    path: str,
    messages: Sequence[bytes],
    *,
    seconds: int,
    clients: int,
    streams: int,
    core: str = "",
) -> tuple[float, list[Run]]:
    """Load *target* for *seconds*; return the responses a second, and the run of each message.

    *clients* connections are shared out among the messages, and at least one is for each.
    """
    before = [_answer_bytes(target, path, message) for message in messages]
    each = max(clients // len(messages), 1)
    with ThreadPoolExecutor(len(messages)) as pool:
        asked = [
            pool.submit(
                ask, f"http://{target}{path}", message, seconds=seconds, clients=each,
                streams=streams, core=core,
            )
            for message in messages
        ]  # fmt: skip
        runs = [one.result() for one in asked]
    after = [_answer_bytes(target, path, message) for message in messages]
    expected = map(min, before, after)
    return sum(map(answered, runs, expected)), runs


def ask(
    url: str,
    message: bytes,
    *,
    seconds: int,
    clients: int,
    streams: int,
    headers: tuple[str, ...] = (),
    core: str = "",
) -> Run:
    """Send *message* over and over, *streams* at once on each of *clients* connections."""
    return _run(
        url, b"\0" + len(message).to_bytes(4, "big") + message,
        [f"--max-concurrent-streams={streams}"],
        ("content-type: application/grpc", "te: trailers", *headers),
        seconds=seconds, clients=clients, core=core,
    )  # fmt: skip


def post_json(
    url: str, bodies: Sequence[bytes], *, seconds: int, clients: int, core: str = ""
) -> list[Run]:
    """Post *bodies* over HTTP/1.1, one after the other on each connection; a run for each body."""
    each = max(clients // len(bodies), 1)
    with ThreadPoolExecutor(len(bodies)) as pool:
        asked = [
            pool.submit(
                _run, url, body, ["--h1"], ("content-type: application/json",),
                seconds=seconds, clients=each, core=core,
            )
            for body in bodies
        ]  # fmt: skip
        return [one.result() for one in asked]


def _run(
    url: str,
    sent: bytes,
    protocol: Sequence[str],
    headers: Sequence[str],
    *,
    seconds: int,
    clients: int,
    core: str,
) -> Run:
    if not shutil.which("h2load"):
        raise Failed("h2load is missing; on Debian: apt install nghttp2-client")
    with TemporaryDirectory() as folder:
        body = Path(folder) / "body"
        body.write_bytes(sent)
        command = [
            *(("taskset", "--cpu-list", core) if core else ()),
            "h2load", f"--duration={seconds}", f"--clients={clients}", "--threads=1",
            f"--data={body}", *protocol,
        ]  # fmt: skip
        for header in headers:
            command += ["-H", header]
        try:
            done = subprocess.run(
                [*command, url], capture_output=True, text=True, check=False,
                timeout=seconds + _GRACE_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Failed(f"h2load did not end after {seconds} s") from None
    if done.returncode:
        raise Failed(f"h2load: {done.stderr.strip() or done.stdout.strip()}")
    return read(done.stdout)


def _answer_bytes(target: str, path: str, message: bytes) -> int:
    with grpc.insecure_channel(target) as channel:
        once: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
        try:
            return len(once(message, timeout=_PROBE_SECONDS))
        except grpc.RpcError as error:
            raise Failed(f"{target}{path}: {error.code().name}: {error.details()}") from None
