"""Random histories of records and decisions: whatever the order and the ids, the same customers; undone exactly."""

import random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.identity.resolve import DECIDED_SCHEMA, RECORD_SEPARATOR, anchors, normalised, resolve
from kehu.identity.rules import IdentityRules, KeyRule, Values

RULES = IdentityRules(
    (
        KeyRule("tax_code", "tax_code", "any"),
        KeyRule("phone_and_name", "phone", "same"),
        KeyRule("phone_and_like_name", "phone", "like", 0.5, ("address",)),
        KeyRule("address_and_like_name", "address", "like", 0.5),
    ),
    {"tax_code": Values(per_customer=1), "phone": Values(names=3)},
    frozenset({"school"}),
)
TAX_CODES = ("91350100M000100Y43", "91310000MA1FL1X77F")
_RECORD = st.fixed_dictionaries(
    {"system": st.sampled_from(["crm", "tms"]), "origin": st.sampled_from(["file", "file", "mention"])},
    optional={
        "name": st.sampled_from(["上海顺达物流", "顺达物流", "上海顺大物流", "李静", "Erie House", "Erie School"]),
        "phone": st.sampled_from(["13912341234", "13912341235"]),
        "address": st.sampled_from(["1 Main St", "2 Main St", "1 N. Main"]),
        "tax_code": st.sampled_from(TAX_CODES),
        "same_as_key": st.sampled_from(["1", "2", "3"]),
    },
)
_HISTORIES = st.lists(_RECORD, min_size=2, max_size=14)
_TEXTS = ("name", "address", "phone", "phone_2", "email", "tax_code")
_REFERENCES = ("reference_system", "reference_key", "same_as_system", "same_as_key")


def records(rows: list[dict[str, str]]) -> pl.DataFrame:
    full = [
        row | {"id": number, "key": str(number)} | ({"same_as_system": "crm"} if "same_as_key" in row else {})
        for number, row in enumerate(rows, start=1)
    ]
    names = ("origin", "system", "key", *_TEXTS, *_REFERENCES)
    return normalised(pl.DataFrame(full, schema={"id": pl.Int64()} | dict.fromkeys(names, pl.String())), "CN")


def customers(frame: pl.DataFrame, decided: pl.DataFrame | None = None) -> dict[str, str]:
    """The uid of every record by its name."""
    named = frame.select("id", name=anchors()).join(resolve(frame, RULES, decided).customers, on="id")
    return dict(named.select("name", "uid").iter_rows())


def decisions(frame: pl.DataFrame, dice: random.Random) -> pl.DataFrame:
    """Two to four of them, each of two records; no two of the same pair."""
    names = frame.select(anchors()).to_series().to_list()
    pairs = {tuple(sorted(dice.sample(names, 2))) for _ in range(dice.randint(2, 4))}
    return pl.DataFrame(
        [(dice.random() < 0.5, left, right) for left, right in sorted(pairs)], schema=DECIDED_SCHEMA, orient="row"
    )


@settings(max_examples=100)
@given(_HISTORIES, st.randoms(use_true_random=False))
def test_the_order_and_the_ids_of_records_do_not_matter(rows: list[dict[str, str]], dice: random.Random) -> None:
    frame = records(rows)
    decided = decisions(frame, dice)
    numbers = dice.sample(range(1, 1000), len(frame))
    relabelled = frame.with_columns(pl.Series("id", numbers))[dice.sample(range(len(frame)), len(frame))]
    again = decided[dice.sample(range(len(decided)), len(decided))]
    assert customers(relabelled, again) == customers(frame, decided)


@settings(max_examples=100)
@given(_HISTORIES, st.randoms(use_true_random=False))
def test_limits_and_decisions_hold(rows: list[dict[str, str]], dice: random.Random) -> None:
    frame = records(rows)
    alone = frame.join(resolve(frame, RULES).customers, on="id")
    assert alone.group_by("uid").agg(pl.col("tax_code_key").drop_nulls().n_unique())["tax_code_key"].max() <= 1  # type: ignore[operator]
    decided = decisions(frame, dice)
    by_name = customers(frame, decided)
    for same, left, right in decided.iter_rows():
        if not same:
            assert by_name[left] != by_name[right]


@settings(max_examples=25)
@given(_HISTORIES, st.randoms(use_true_random=False))
def test_the_uid_is_made_of_the_first_record(rows: list[dict[str, str]], dice: random.Random) -> None:
    frame = records(rows)
    found = customers(frame, decisions(frame, dice))
    first: dict[str, str] = {}
    for name in sorted(found):
        first.setdefault(found[name], name)
    assert len(set(first)) == len(first)
    assert all(name.startswith(("0", "1")) and RECORD_SEPARATOR in name for name in first.values())


def test_a_refused_key_is_told_with_its_reason() -> None:
    shared = {"system": "crm", "origin": "file", "name": "顺达物流", "phone": "13912341234"}
    frame = records([shared | {"tax_code": TAX_CODES[0]}, shared | {"tax_code": TAX_CODES[1]}])
    found = resolve(frame, RULES)
    assert found.customers["uid"].n_unique() == 2
    assert found.contested.select("rule", "because").rows() == [(2, "tax_code")]


def test_a_person_may_join_what_a_limit_parts() -> None:
    shared = {"system": "crm", "origin": "file"}
    frame = records([shared | {"tax_code": TAX_CODES[0]}, shared | {"tax_code": TAX_CODES[1]}])
    names = frame.select(anchors()).to_series().to_list()
    decided = pl.DataFrame([(True, *names)], schema=DECIDED_SCHEMA, orient="row")
    assert len(set(customers(frame, decided).values())) == 1
    assert len(set(customers(frame).values())) == 2


def test_a_decision_about_records_that_are_not_loaded_says_nothing() -> None:
    frame = records([{"system": "crm", "origin": "file"}, {"system": "crm", "origin": "file"}])
    decided = pl.DataFrame([(True, "0\x1fcrm\x1f1", "0\x1fcrm\x1f9")], schema=DECIDED_SCHEMA, orient="row")
    assert customers(frame, decided) == customers(frame)


def test_a_phone_under_many_names_joins_nobody() -> None:
    rows = [{"system": "crm", "origin": "file", "phone": "13912341234", "name": f"名{n}"} for n in range(20_000)]
    assert len(set(customers(records(rows)).values())) == 20_000
