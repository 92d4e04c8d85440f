"""`fanzha warnings dead-letters`: what the warning pipeline gave up, and giving it another try."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from fanzha.phone import masked
from infra.redis.client import connect
from infra.redis.dead_letters import DeadLetter, DeadLetters
from services.cli._common.console import fail, one_sentence, out, print_json, progress, wide
from services.cli._common.stores import DEFAULT_DATA_DIR, DataDir, RedisUrl, store_url
from services.warning import keys

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Entries given up, with their reasons.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_PERSONAL = ("to", "victim", "from_party", "to_party")


@app.command("list")
def list_(
    count: Annotated[int, typer.Option(min=1, help="At most so many, the oldest.")] = 100,
    redis_url: RedisUrl = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """List what failed for good: where it came from, how often it was tried, and why."""
    letters = _with(redis_url, data_dir, lambda dead: dead.list(count=count))
    if as_json:
        print_json([_written(letter) for letter in letters])
        return
    table = Table("place", "given up", "from", "tries", "why", box=None)
    table.columns[0].no_wrap = True
    for one in letters:
        at = datetime.fromtimestamp(one.at_ms / 1000, UTC)
        table.add_row(one.place, f"{at:%m-%d %H:%M:%S}Z", one.stream, str(one.tries), one.reason)
    wide().print(table if letters else "nothing was given up")


@app.command()
def replay(
    place: Annotated[str, typer.Argument(help="Place of one, or all.")],
    redis_url: RedisUrl = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Put entries back where they came from, to be tried again; nothing is done twice by that."""

    async def again(dead: DeadLetters) -> int:
        return await _each(dead, place, dead.replay, "replaying")

    number = _with(redis_url, data_dir, again)
    out.print(f"{number} put back")


@app.command()
def drop(
    place: Annotated[str, typer.Argument(help="Place of one; all of them only one by one.")],
    redis_url: RedisUrl = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Forget one for good: whoever it was about is not warned by it."""

    async def forget(dead: DeadLetters) -> int:
        return await _each(dead, place, dead.drop, "dropping")

    if place == "all":
        fail("drop takes one place", status=2)
    _with(redis_url, data_dir, forget)
    out.print("dropped")


async def _each(
    dead: DeadLetters, place: str, act: Callable[[DeadLetter], Awaitable[None]], what: str
) -> int:
    if place != "all":
        letter = await dead.get(place)
        if letter is None:
            fail(f"there is no {place}")
        await act(letter)
        return 1
    # Those there are now: what fails again meanwhile waits for another time.
    total, done, after = await dead.count(), 0, "-"
    with progress() as bar:
        task = bar.add_task(what, total=total, note="")
        while done < total and (some := await dead.list(after=after)):
            for letter in some[: total - done]:
                await act(letter)
                done += 1
                bar.update(task, completed=done)
            after = some[-1].place
    return done


def _with(redis_url: str, data_dir: DataDir, ask: Callable[[DeadLetters], Awaitable[T]]) -> T:
    async def asked() -> T:
        client = connect(store_url(redis_url, data_dir))
        try:
            return await ask(DeadLetters(client, keys.DEAD_LETTERS))
        finally:
            await client.aclose()

    with one_sentence("the store"):
        return asyncio.run(asked())


def _written(letter: DeadLetter) -> dict[str, object]:
    fields = {
        name: masked(value) if name in _PERSONAL else value
        for name, value in letter.fields.items()
        if name != "text"
    }
    return {
        "place": letter.place,
        "stream": letter.stream,
        "tries": letter.tries,
        "reason": letter.reason,
        "at_ms": letter.at_ms,
        "fields": fields,
    }
