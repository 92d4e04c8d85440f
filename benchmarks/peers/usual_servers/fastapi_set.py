"""A first service of one's own: FastAPI in front of a set in Valkey. Runs in the peers' venv."""

import os

import redis.asyncio
from fastapi import FastAPI  # type: ignore[import-not-found]
from pydantic import BaseModel

SET = "listed"
store = redis.asyncio.Redis.from_url(os.environ["STORE_URL"])
app = FastAPI()


class AskedCall(BaseModel):
    """A call attempt."""

    caller: str
    callee: str


class Answer(BaseModel):
    """What to do."""

    action: str


@app.post("/call")  # type: ignore[untyped-decorator]
async def decide_call(call: AskedCall) -> Answer:
    """Decide on one call."""
    return _answer(await store.sismember(SET, call.caller))


@app.post("/calls")  # type: ignore[untyped-decorator]
async def decide_calls(calls: list[AskedCall]) -> list[Answer]:
    """Decide on several."""
    found = await store.smismember(SET, [call.caller for call in calls])
    return [_answer(one) for one in found]


def _answer(listed: object) -> Answer:
    return Answer(action="block" if listed else "allow")
