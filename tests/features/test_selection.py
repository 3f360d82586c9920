"""A part of the catalogue computes what the whole computes."""

from collections.abc import Callable

import pytest

from kehu.features.catalogue import Catalogue
from kehu.features.selection import only

MakeCatalogue = Callable[..., Catalogue]
DECLARED: dict[str, dict[str, object]] = {
    "sent": {"count": "shipments"},
    "complained": {"count": "complaints"},
    "town": {"attribute": "city"},
    "both": {"formula": "sent + complained"},
    "twice": {"formula": "both * 2"},
    "rank": {"rank_of": "twice"},
}


@pytest.mark.parametrize(
    ("_case", "names", "expected"),
    [
        ("one that counts", {"sent"}, {"sent"}),
        ("a formula of a formula", {"twice"}, {"sent", "complained", "both", "twice"}),
        ("a standing", {"rank"}, {"sent", "complained", "both", "twice", "rank"}),
        ("one that is not there", {"town", "gone"}, {"town"}),
        ("none", set(), set()),
    ],
)
def test_a_feature_brings_what_it_needs(
    catalogue_of: MakeCatalogue, _case: str, names: set[str], expected: set[str]
) -> None:
    part = only(catalogue_of(DECLARED), names)
    assert set(part.schema) == expected
    assert [item.info.name for item in part.declarations] == [
        item.info.name for item in catalogue_of(DECLARED).declarations if item.info.name in expected
    ]
