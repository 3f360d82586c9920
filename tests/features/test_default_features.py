"""The shipped features: without a problem, documented one by one, computable on nothing and on a little."""

import re
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from kehu.features.aggregates import stored_columns
from kehu.features.catalogue import Catalogue, read_catalogue
from kehu.features.compute import compute
from kehu.features.declaration import OPERATIONS, read_declaration
from kehu.features.streams import ATTRIBUTES, STREAMS
from kehu.model.feature_types import POLARS_TYPES, FeatureInfo, FeatureType
from kehu.model.yaml_nodes import Node, read_yaml

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "features.md"
FILES = sorted((ROOT / "rules" / "features").glob("*.yaml"))
AS_OF = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The shipped features."""
    found, problems = read_catalogue({str(file): file.read_text(encoding="utf-8") for file in FILES}, 2)
    assert [str(problem) for problem in problems] == []
    return found


def rows_under(heading: str) -> list[tuple[str, ...]]:
    """The cells of the table under a heading of the page."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in re.split(r" ?\| ?", line.strip("|"))) for line in lines[2:]]


def documented(info: FeatureInfo) -> tuple[str, ...]:
    """The feature's row."""
    kind = info.type.kind + (", may be unknown" if info.type.nullable else "")
    return (f"`{info.name}`", info.label.en, info.label.zh, info.unit, kind, info.meaning)


def test_every_shipped_feature_is_documented_as_declared(catalogue: Catalogue) -> None:
    assert rows_under("Shipped features") == [documented(info) for info in catalogue.infos]


def test_labels_are_in_two_languages_and_tell_features_apart(catalogue: Catalogue) -> None:
    assert {info.name for info in catalogue.infos if not re.search("[\u4e00-\u9fff]", info.label.zh)} == set()
    assert {info.name for info in catalogue.infos if re.search("[\u4e00-\u9fff]", info.label.en)} == set()
    assert len({info.label.en for info in catalogue.infos}) == len(catalogue.infos)
    assert len({info.label.zh for info in catalogue.infos}) == len(catalogue.infos)


def test_every_event_column_is_documented() -> None:
    declared = [
        (f"`{name}.{column}`", _shown(kind), stream.derived[column].meaning if column in stream.derived else "")
        for name, stream in STREAMS.items()
        for column, kind in {**stream.columns, **{key: item.type for key, item in stream.derived.items()}}.items()
    ]
    assert rows_under("What can be counted") == declared


def test_every_attribute_and_operation_is_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [row[0] for row in rows_under("Operations")] == [f"`{operation}`" for operation in OPERATIONS]
    assert [name for name in ATTRIBUTES if f"`{name}`" not in text] == []


def test_the_keys_of_the_page_are_those_a_declaration_may_have() -> None:
    keys = {row[0].strip("`") for row in rows_under("Keys")}
    _, problems = read_declaration("x", _declaration(keys), 2)
    assert [problem.message for problem in problems if problem.check == "unknown-key"] == []
    counting = {"over", "before", "as", "where", "q", "which", "of", "with"}
    assert keys == {*counting, "missing", "served", "unit", "label", "meaning"}


@pytest.mark.parametrize("size", [0, 3])
def test_customers_without_a_history_have_every_feature(catalogue: Catalogue, size: int) -> None:
    customers = pl.DataFrame(
        {
            "customer": range(1, size + 1),
            "kind": ["company"] * size,
            "industry": [None] * size,
            "region": [None] * size,
        },
        schema={"customer": pl.Int64(), "kind": pl.String(), "industry": pl.String(), "region": pl.String()},
    )
    events = {
        name: pl.LazyFrame(schema={column: _type(name, column) for column in sorted(columns)})
        for name, columns in stored_columns(catalogue).items()
    }
    frame = compute(catalogue, customers, events, AS_OF)
    assert frame.schema == {"customer": pl.Int64()} | {
        name: POLARS_TYPES[kind.kind] for name, kind in catalogue.schema.items()
    }
    assert frame["customer"].to_list() == list(range(1, size + 1))
    for name, kind in catalogue.schema.items():
        known = 0 if kind.nullable and name != "kind" else size
        assert (name, size - frame[name].null_count()) == (name, known)


def _type(stream: str, column: str) -> pl.DataType:
    if column in STREAMS[stream].roles.values():
        return pl.Int64()
    kind = STREAMS[stream].columns.get(column, FeatureType("instant")).kind
    return POLARS_TYPES[kind]


def _shown(kind: FeatureType) -> str:
    return f"{kind.kind}: {', '.join(kind.words)}" if kind.words else kind.kind


def _declaration(keys: set[str]) -> Node:
    node, _ = read_yaml("\n".join(f"{key}: 1" for key in sorted({"count", *keys})), "f.yaml")
    assert node is not None
    return node
