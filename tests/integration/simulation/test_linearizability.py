"""The checker accepts what could have happened one after another, and nothing else."""

from tests.support.simulation.linearizability import ENTRY, UNKNOWN, Operation, linearizable


def an_operation(
    name: str, argument: object, called: float, returned: float, result: object = None
) -> Operation:
    return Operation(name=name, argument=argument, called=called, returned=returned, result=result)


def put(value: str, called: float, returned: float) -> Operation:
    return an_operation("put", value, called, returned)


def read(value: str | None, called: float, returned: float) -> Operation:
    return an_operation("read", None, called, returned, value)


def is_possible(*history: Operation) -> bool:
    return linearizable(history, ENTRY)


def test_a_read_sees_what_was_put_before_it() -> None:
    assert is_possible(put("a", 0, 1), read("a", 2, 3))
    assert not is_possible(put("a", 0, 1), read(None, 2, 3))
    assert not is_possible(put("a", 0, 1), put("b", 2, 3), read("a", 4, 5))


def test_operations_that_overlap_may_come_in_either_order() -> None:
    both = put("a", 0, 3), put("b", 1, 2)

    assert is_possible(*both, read("a", 4, 5))
    assert is_possible(*both, read("b", 4, 5))
    assert not is_possible(*both, read("a", 4, 5), read("b", 6, 7))


def test_an_operation_without_an_answer_may_take_effect_later_or_never() -> None:
    lost = put("a", 0, UNKNOWN)

    assert is_possible(lost, read(None, 1, 2), read("a", 3, 4))
    assert is_possible(lost, read(None, 1, 2))
    assert not is_possible(lost, read("a", 1, 2), read(None, 3, 4))


def test_a_revert_puts_back_what_was_replaced_unless_it_changed_since() -> None:
    puts = put("a", 0, 1), put("b", 2, 3)
    revert = an_operation("revert", "b", 4, 5)

    assert is_possible(*puts, revert, read("a", 6, 7))
    assert not is_possible(*puts, revert, read("b", 6, 7))
    assert is_possible(put("c", 3.1, 3.9), *puts, revert, read("c", 6, 7))


def test_a_removed_entry_is_gone() -> None:
    removal = an_operation("remove", None, 2, 3)

    assert is_possible(put("a", 0, 1), removal, read(None, 4, 5))
    assert not is_possible(put("a", 0, 1), removal, read("a", 4, 5))
