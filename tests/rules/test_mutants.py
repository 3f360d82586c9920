"""The comparison with the interpreter finds every small fault put into the compiler."""

from collections.abc import Callable
from functools import cache

import pytest
from tests.rules.boundaries import boundary
from tests.rules.differential import STRANGE, Batch, Tally, batches, uniform
from tests.rules.mutants import FAULTS, Fault, faulty

pytestmark = [pytest.mark.slow, *(pytest.mark.filterwarnings(each) for each in STRANGE)]
CONDITIONS = 4800
ROWS = 14


@cache
def bank() -> list[Batch]:
    """Any conditions and those at their boundaries in turn; the interpreter is asked once for all faults."""
    any_, edges = (list(batches(write, seed=31, count=CONDITIONS // 2, rows=ROWS)) for write in (uniform, boundary))
    return [batch for pair in zip(any_, edges, strict=True) for batch in pair]


def survived(fault: Fault | None) -> int | None:
    """How many conditions it took to find the fault; None when none of them did."""
    with faulty(fault) as compile_:
        tally = Tally(compile_)
        for batch in bank():
            tally.take(batch)
            if tally.wrong:
                return tally.fates["generated"]
    return None


def test_a_copy_without_a_fault_answers_as_the_interpreter() -> None:
    assert survived(None) is None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_in_the_compiler_is_found(fault: Fault, tell: Callable[[str], None]) -> None:
    tried = survived(fault)
    tell(f"fault found after {tried} conditions: {fault.name}")
    assert tried is not None, f"{CONDITIONS} conditions did not find it"
