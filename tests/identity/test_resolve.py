"""Records to customers: which records are one customer, and that order never matters."""

import random
import uuid
from datetime import UTC, datetime

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.identity.golden import golden_records, identifier_rows
from kehu.identity.keys import identity_keys
from kehu.identity.resolve import CUSTOMER_NAMESPACE, normalised
from kehu.identity.resolve import resolve as resolve_by
from kehu.identity.rules import PLAIN_RULES
from kehu.model.graph import INSTANT
from kehu.tables.facts import customer_records

_TEXTS = [column.name for column in customer_records.c if column.name not in {"id", "customer_id"}]


def records(*rows: dict[str, object]) -> pl.DataFrame:
    """Normalised customer records with ids from 1; a row says only what matters."""
    schema = {"id": pl.Int64(), "system": pl.String(), "key": pl.String()}
    schema |= {name: pl.String() for name in _TEXTS}
    schema |= {"consent": pl.Boolean(), "first_contact_at": INSTANT, "exported_at": INSTANT}
    full = [{"origin": "file", "system": "crm", "key": str(n), **row, "id": n} for n, row in enumerate(rows, start=1)]
    return normalised(pl.DataFrame(full, schema=schema), "CN")


def resolve(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns id, uid by the plain rules."""
    return resolve_by(frame, PLAIN_RULES).customers


def clusters(frame: pl.DataFrame) -> set[frozenset[int]]:
    """The record ids of each customer."""
    grouped = resolve(frame).group_by("uid").agg("id")["id"]
    return {frozenset(ids) for ids in grouped.to_list()}


SHUNDA, PHONE = "顺达物流有限公司", "13912341234"


@pytest.mark.parametrize(
    ("_case", "first", "second", "same"),
    [
        ("the same phone and name", {"name": SHUNDA, "phone": PHONE}, {"name": "順達物流公司", "phone_2": PHONE}, True),
        ("the same phone, other names", {"name": SHUNDA, "phone": PHONE}, {"name": "李静", "phone": PHONE}, False),
        ("the same phone, no name", {"name": SHUNDA, "phone": PHONE}, {"phone": PHONE}, False),
        ("the same name alone", {"name": SHUNDA}, {"name": SHUNDA}, False),
        ("the same address and name", {"name": SHUNDA, "email": "a@b.cn"}, {"name": SHUNDA, "email": "A@B.cn"}, True),
        ("the same tax code", {"tax_code": "91350100M000100Y43"}, {"tax_code": "91350100m000100y43"}, True),
        ("the same wrong tax code", {"tax_code": "91350100M000100Y44"}, {"tax_code": "91350100M000100Y44"}, False),
        ("junk phones", {"name": SHUNDA, "phone": "13800138000"}, {"name": SHUNDA, "phone": "13800138000"}, False),
        (
            "a mention of a listed customer",
            {"system": "crm", "key": "C1"},
            {"origin": "mention", "system": "tms", "reference_system": "crm", "reference_key": "C1"},
            True,
        ),
        (
            "a record that says whose it is",
            {"system": "crm", "key": "C1"},
            {"system": "finance", "key": "F1", "same_as_system": "crm", "same_as_key": "C1"},
            True,
        ),
        ("the same key in two systems", {"system": "crm", "key": "7"}, {"system": "finance", "key": "7"}, False),
    ],
)
def test_two_records_are_one_customer(
    _case: str,
    first: dict[str, object],
    second: dict[str, object],
    same: bool,  # noqa: FBT001
) -> None:
    expected = {frozenset({1, 2})} if same else {frozenset({1}), frozenset({2})}
    assert clusters(records(first, second)) == expected


def test_a_chain_of_keys_is_one_customer() -> None:
    frame = records(
        {"name": SHUNDA, "phone": PHONE},
        {"name": SHUNDA, "phone": PHONE, "email": "a@b.cn"},
        {"name": SHUNDA, "email": "a@b.cn"},
    )
    assert clusters(frame) == {frozenset({1, 2, 3})}


def test_the_id_is_that_of_the_first_listed_record() -> None:
    frame = records(
        {"origin": "mention", "system": "a", "key": "1", "reference_system": "crm", "reference_key": "C2"},
        {"system": "crm", "key": "C2"},
    )
    assert set(resolve(frame)["uid"]) == {str(uuid.uuid5(CUSTOMER_NAMESPACE, "crm\x1fC2"))}


def test_no_records_are_no_customers() -> None:
    assert resolve(records()).is_empty()


_SMALL = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["顺达", "順達公司", "李静"]),
        "phone": st.sampled_from([PHONE, "13912341235"]),
        "email": st.sampled_from(["a@b.cn", "c@d.cn"]),
        "same_as_key": st.sampled_from(["1", "2", "3"]),
        "system": st.sampled_from(["crm", "tms"]),
    },
)


@settings(max_examples=60)
@given(st.lists(_SMALL, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_customers_are_connected_components_in_any_order(rows: list[dict[str, object]], dice: random.Random) -> None:
    linked = [row | ({"same_as_system": "crm"} if "same_as_key" in row else {}) for row in rows]
    frame = records(*linked)
    graph = nx.Graph()
    graph.add_nodes_from(frame["id"])
    graph.add_edges_from(identity_keys(frame, PLAIN_RULES).select("id", "key").rows())
    expected = {frozenset(n for n in part if isinstance(n, int)) for part in nx.connected_components(graph)}
    assert clusters(frame) == expected - {frozenset()}
    order = list(range(len(frame)))
    dice.shuffle(order)
    assert resolve(frame[order]).sort("id").equals(resolve(frame).sort("id"))


def test_the_golden_record_takes_each_value_from_who_knows_best() -> None:
    frame = records(
        {"origin": "mention", "system": "tms", "key": "m", "reference_system": "crm", "reference_key": "C1",
         "name": "顺达", "city": "上海"},
        {"key": "C1", "name": SHUNDA, "owner": "E1", "first_contact_at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"key": "C1b", "same_as_system": "crm", "same_as_key": "C1", "owner": "E2",
         "first_contact_at": datetime(2021, 1, 1, tzinfo=UTC)},
    )  # fmt: skip
    golden = golden_records(frame.join(resolve(frame), on="id")).records.to_dicts()
    known = {name: value for name, value in golden[0].items() if value is not None}
    assert known.pop("uid")
    assert known == {
        "kind": "company",
        "name": SHUNDA,
        "city": "上海",
        "owner": "E2",
        "name_search": "顺达物流有限公司",
        "name_pinyin": "shundawuliuyouxiangongsi sdwlyxgs",
    }


def test_a_right_phone_wins_over_junk_that_came_first() -> None:
    frame = records(
        {"key": "C1", "phone": "11111111111", "tax_code": "91350100M000100Y44"},
        {"key": "C2", "same_as_system": "crm", "same_as_key": "C1", "phone": PHONE, "tax_code": "91350100M000100Y43"},
        {"key": "C3", "same_as_system": "crm", "same_as_key": "C1", "email": "nobody"},
    )
    golden = golden_records(frame.join(resolve(frame), on="id")).records
    assert golden.select("phone", "tax_code", "email").rows() == [(PHONE, "91350100M000100Y43", "nobody")]


@pytest.mark.parametrize(
    ("_case", "row", "kind", "name"),
    [
        ("a Chinese personal name", {"name": "李静"}, "person", "李静"),
        ("a shop", {"name": "花店"}, "company", "花店"),
        ("what the record says wins", {"name": "李静", "kind": "company"}, "company", "李静"),
        ("no name: the key", {"key": "17850"}, "company", "17850"),
    ],
)
def test_a_customer_always_has_a_kind_and_a_name(_case: str, row: dict[str, object], kind: str, name: str) -> None:
    frame = records(row)
    golden = golden_records(frame.join(resolve(frame), on="id")).records
    assert golden.select("kind", "name").rows() == [(kind, name)]


def test_identifiers_are_distinct_and_normalised() -> None:
    frame = records({"key": "C1", "phone": "139-1234-1234", "phone_2": "13912341234", "email": "A@B.cn", "name": "x"})
    rows = identifier_rows(frame.join(resolve(frame), on="id")).drop("uid").rows()
    assert rows == [
        ("email", None, "a@b.cn"),
        ("phone", None, "+8613912341234"),
        ("source_key", "crm", "C1"),
    ]
