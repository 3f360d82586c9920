"""Golden records through loads: the same whatever the order of exports, whatever was loaded again."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from kehu.identity.rules import CHOICES, IdentityRules, KeyRule, Survivorship
from kehu.pipeline.transactions import writing
from kehu.sources.loader import LoadedChunk
from kehu.store.load import FileCounts, Load
from kehu.tables.facts import customers, source_records
from kehu.tables.golden import golden_values

Export = tuple[str, datetime, list[dict[str, object]]]
ChunkOf = Callable[..., LoadedChunk]
NOW = datetime(2026, 3, 31, tzinfo=UTC)
_ROW = st.fixed_dictionaries(
    {"key": st.sampled_from("abc")},
    optional={
        "city": st.sampled_from(["上海", "上海市", "深圳"]),
        "name": st.sampled_from(["顺达", "泰亿"]),
        "consent": st.booleans(),
    },
)
_EXPORTS = st.lists(
    st.tuples(
        st.sampled_from(["crm", "tms"]), st.lists(_ROW, min_size=1, max_size=3, unique_by=lambda row: row["key"])
    ),
    min_size=2,
    max_size=4,
)
_TAKES = st.lists(st.sampled_from(CHOICES), max_size=2, unique=True)


def rules_of(take: list[str]) -> IdentityRules:
    """Every field by these choices; the CRM is trusted more."""
    said = Survivorship(tuple(take), ("crm", "tms"))  # type: ignore[arg-type]  # drawn from CHOICES
    return IdentityRules(
        (KeyRule("tax_code", "tax_code", "any"),), golden=dict.fromkeys(("city", "name", "consent"), said)
    )


def load(engine: Engine, folder: Path, export: Export, rules: IdentityRules, chunk_of: ChunkOf) -> None:
    """One export in a load of its own; the TMS says of each of its rows which of the CRM's it is."""
    system, exported_at, rows = export
    linked = [row | ({"same_as_system": "crm", "same_as_key": row["key"]} if system == "tms" else {}) for row in rows]
    with writing(engine) as connection:
        run = Load(connection, folder, "CN", rules)
        chunk = chunk_of({"customer": linked})
        run.take([chunk], FileCounts(system, "f"), system=system, clock=lambda: NOW, exported_at=exported_at)
        run.finish()


def golden(engine: Engine) -> list[tuple[object, ...]]:
    """Every customer's values with what chose them and the record they come from."""
    joined = customers.join(golden_values, golden_values.c.customer_id == customers.c.id)
    sources = joined.outerjoin(source_records, source_records.c.id == golden_values.c.record_id)
    said = (customers.c.uid, customers.c.name, customers.c.city, customers.c.consent)
    chosen = (golden_values.c.field, golden_values.c.rule, source_records.c.system, source_records.c.key)
    with engine.connect() as connection:
        rows = connection.execute(select(*said, *chosen).select_from(sources)).all()
    return sorted((tuple(row) for row in rows), key=repr)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=_EXPORTS, take=_TAKES, dice=st.randoms(use_true_random=False))
def test_dated_exports_in_any_order_and_again_give_the_same(
    drawn: list[tuple[str, list[dict[str, object]]]],
    take: list[str],
    dice: random.Random,
    new_sqlite: Callable[[], Engine],
    chunk_of: ChunkOf,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    exports = [(system, datetime(2026, 3, day, tzinfo=UTC), rows) for day, (system, rows) in enumerate(drawn, 1)]
    again = [*dice.sample(exports, len(exports)), dice.choice(exports)]
    found = []
    for order in (exports, again):
        engine = new_sqlite()
        for export in order:
            folder = tmp_path_factory.mktemp("spool")
            load(engine, folder, export, rules_of(take), chunk_of)
        found.append(golden(engine))
    assert found[0] == found[1]
