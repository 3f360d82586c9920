"""Features declared in a few lines, and computed over a few events."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import polars as pl
import pytest

from kehu.features.catalogue import Catalogue, read_catalogue
from kehu.features.compute import compute
from kehu.features.streams import ATTRIBUTES, STREAMS
from kehu.model.feature_types import POLARS_TYPES

AS_OF = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Declared = Mapping[str, Mapping[str, object]]
Events = Mapping[str, Sequence[Mapping[str, object]]]
MakeCatalogue = Callable[[Declared], Catalogue]
Values = Callable[..., dict[int, dict[str, object]]]


@pytest.fixture(scope="session")
def catalogue_of() -> MakeCatalogue:
    """A catalogue without a problem; declarations lack their unit, label and meaning."""
    return _catalogue


@pytest.fixture(scope="session")
def values_of() -> Values:
    """Each customer's features from declarations and events; stored amounts have two decimals."""

    def values(
        declared: Declared,
        events: Events,
        *,
        customers: Sequence[Mapping[str, object]] = ({"customer": 1},),
        as_of: datetime = AS_OF,
    ) -> dict[int, dict[str, object]]:
        attributes = {name: POLARS_TYPES[kind.kind] for name, kind in ATTRIBUTES.items()}
        known = pl.DataFrame(customers, schema={"customer": pl.Int64(), **attributes})
        frames = {name: _frame(name, events.get(name, ())).lazy() for name in STREAMS}
        frame = compute(_catalogue(declared), known, frames, as_of)
        assert frame.columns[0] == "customer"
        assert frame["customer"].to_list() == known["customer"].to_list()
        return {row.pop("customer"): row for row in frame.to_dicts()}

    return values


def _catalogue(declared: Declared) -> Catalogue:
    said = {"unit": "u", "label": {"en": "e", "zh": "中"}, "meaning": "m"}
    text = "\n".join(f"{name}: {json.dumps({**said, **item})}" for name, item in declared.items())
    catalogue, problems = read_catalogue({"features.yaml": text}, 2)
    assert [str(problem) for problem in problems if problem.severity == "error"] == []
    return catalogue


def _frame(name: str, rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    stream = STREAMS[name]
    types = {column: POLARS_TYPES[kind.kind] for column, kind in stream.columns.items()}
    owners = dict.fromkeys(stream.roles.values(), pl.Int64())
    at = {stream.at: pl.Datetime("us", "UTC")} if stream.at else {}
    return pl.DataFrame(list(rows), schema={**owners, **types, **at})
