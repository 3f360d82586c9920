"""Features put in their customers' places, part by part."""

import numpy as np
import polars as pl
import pytest

from kehu.features.answers import Answers, Found


@pytest.mark.parametrize(
    ("_case", "ids"),
    [("ids without holes", [1, 2, 3, 4, 5]), ("ids far apart", [10**12, -5, 2**62, 0, 7])],
)
def test_everyone_has_a_place_and_strangers_none(_case: str, ids: list[int]) -> None:
    answers = Answers(pl.Series(ids, dtype=pl.Int64()))
    for which, stranger in (((3, 0), 99), ((1,), 10**13)):
        customers = np.array([*(ids[place] for place in which), stranger], np.int64)
        answers.add(customers, parts(customers))
    assert answers.frame().to_dict(as_series=False) == {
        "id": [ids[0], ids[1], None, ids[3], None],
        "even": [ids[place] if place in {0, 1, 3} and ids[place] % 2 == 0 else None for place in range(5)],
        "word": [f"w{ids[place]}" if place in {0, 1, 3} else None for place in range(5)],
    }


def parts(customers: np.ndarray) -> list[tuple[str, Found]]:
    """Each customer's id, the same where it is even, and a word."""
    words = pl.Series([f"w{customer}" for customer in customers.tolist()]).cast(pl.Categorical())
    return [
        ("id", Found(customers)),
        ("even", Found(customers, customers % 2 == 0)),
        ("word", Found(words, np.ones(len(customers), np.bool_))),
    ]
