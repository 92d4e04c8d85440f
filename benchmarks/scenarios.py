"""Seeded traffic for load tests: the same rows for the same seed, all of our own making.

Calls: mobile numbers of a whole carrier, 3 % of them from a list. Texts: some 70
characters of Chinese, a third with a link. Links: some 80 characters with a deep path.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fanzha.v1 import interception_pb2 as pb

SEED = 20261124
FIRST_LISTED = 8617000000000
"""Listed numbers are this one and those after it."""
LISTED_SHARE = 0.03

_SENTENCES = (
    "您好，您的包裹已到达小区南门驿站，请凭取件码在今晚八点前领取，逾期将退回。",
    "尊敬的客户，本期账单已出，请在月底前缴清，以免影响使用，回复查询即可了解详情。",
    "明天上午的会改到九点半，地点还是三楼会议室，记得带上季度报表和电脑。",
    "恭喜您获得贷款额度，无需抵押当天放款，名额有限请尽快办理，详情点击查看。",
    "妈，我手机坏了，先用同学的号码，老师让交资料费，收到请回复我一下。",
    "本店周年庆全场八折，满三百减五十，活动三天，欢迎老顾客带朋友光临。",
)


def calls(rows: int, listed: int, seed: int = SEED) -> list[pb.Call]:
    """Make *rows* calls; of *listed* numbers on the list some call, too."""
    chance = np.random.default_rng(seed)
    callers = chance.integers(8619900000000, 8619999999999, rows)
    if listed:
        hits = chance.random(rows) < LISTED_SHARE
        callers[hits] = FIRST_LISTED + chance.integers(0, listed, int(hits.sum()))
    callees = chance.integers(8619800000000, 8619899999999, rows)
    return [
        pb.Call(
            caller=f"+{caller}",
            callee=f"+{callee}",
            attempted_at_ms=1_764_000_000_000 + row,
            ingress=pb.INGRESS_INTERCONNECT,
            trunk="tg-12",
        )
        for row, (caller, callee) in enumerate(zip(callers.tolist(), callees.tolist(), strict=True))
    ]


def texts(rows: int, listed: int, seed: int = SEED) -> list[pb.Text]:
    """Make *rows* texts of some 70 characters, a third of them with a link."""
    chance = np.random.default_rng(seed)
    receivers = chance.integers(8619800000000, 8619899999999, rows).tolist()
    made = []
    for row in range(rows):
        body = "".join(chance.choice(_SENTENCES, 2))[: int(chance.integers(50, 75))]
        if row % 3 == 0:
            body += f" http://s{chance.integers(10**6)}.example/{_word(chance, 6)}"
        made.append(
            pb.Text(
                sender=f"1069{chance.integers(10**6, 10**7)}",
                receiver=f"+{receivers[row]}",
                body=body,
                submitted_at_ms=1_764_000_000_000 + row,
            )
        )
    return made


def links(rows: int, listed: int, seed: int = SEED) -> list[pb.Link]:
    """Make *rows* links of some 80 characters with a deep path."""
    chance = np.random.default_rng(seed)
    made = []
    for row in range(rows):
        path = "/".join(_word(chance, 9) for _ in range(4))
        host = f"{_word(chance, 5)}.{_word(chance, 8)}{chance.integers(10**5)}.example"
        url = f"https://{host}/{path}?id={chance.integers(10**8)}"
        made.append(pb.Link(url=url, requested_at_ms=1_764_000_000_000 + row))
    return made


def _word(chance: np.random.Generator, letters: int) -> str:
    return bytes(chance.integers(97, 123, letters).astype(np.uint8)).decode()


MAKERS: dict[str, Callable[..., Sequence[Any]]] = {"call": calls, "text": texts, "link": links}
"""By channel: each takes rows, listed numbers and a seed."""


def request(channel: str, rows: int, listed: int = 0) -> tuple[str, Any]:
    """Return the method and the request for *rows* rows of a channel; one row is unary."""
    made = MAKERS[channel](rows, listed)
    name = channel.capitalize()
    if rows == 1:
        return f"Decide{name}", getattr(pb, f"Decide{name}Request")(**{channel: made[0]})
    return f"Decide{name}s", getattr(pb, f"Decide{name}sRequest")(**{f"{channel}s": made})
