"""A decoder by column that leaves every request to protobuf."""

from typing import NoReturn

from services.rpc.decide.wire_format import Unusual


def left_to_protobuf(_data: bytes, _rows: int, _now_ms: int) -> NoReturn:
    """Refuse to read by column."""
    raise Unusual
