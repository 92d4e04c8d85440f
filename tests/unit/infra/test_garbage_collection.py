"""Imports collect no garbage."""

import gc
from contextlib import suppress

from infra import garbage_collection


def test_garbage_is_collected_again_after_an_error() -> None:
    with suppress(ImportError), garbage_collection.paused():
        enabled_meanwhile = gc.isenabled()
        raise ImportError

    assert not enabled_meanwhile
    assert gc.isenabled()


def test_disabled_garbage_collection_stays_disabled() -> None:
    gc.disable()
    try:
        with garbage_collection.paused():
            pass

        assert not gc.isenabled()
    finally:
        gc.enable()
