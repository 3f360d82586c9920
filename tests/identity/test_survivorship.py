"""Which of several values survives, what chose it, and that nothing but content decides."""

import random
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.identity.golden import CHOSEN_BY, CORRECTED_SCHEMA, golden_records
from kehu.identity.resolve import normalised
from kehu.identity.rules import CHOICES, GOLDEN_FIELDS, Choice, IdentityRules, Survivorship
from kehu.model.graph import INSTANT

Row = dict[str, object]
_TEXTS = (
    "uid", "origin", "system", "key", "reference_key", "phone_2", *(name for name in GOLDEN_FIELDS if name != "consent")
)  # fmt: skip
_SCHEMA = {"id": pl.Int64(), **dict.fromkeys(_TEXTS, pl.String()), "consent": pl.Boolean()} | {
    "exported_at": INSTANT,
    "first_contact_at": INSTANT,
}
SHANGHAI, SHENZHEN, GUANGZHOU = "上海", "深圳", "广州"


def on(day: int) -> datetime:
    """A day of March."""
    return datetime(2026, 3, day, tzinfo=UTC)


def records(*rows: Row) -> pl.DataFrame:
    """Normalised rows of one customer's lists, with ids and keys from 1; a row says only what matters."""
    base = {"uid": "u", "origin": "file", "system": "crm"}
    full = [base | {"id": number, "key": str(number)} | row for number, row in enumerate(rows, 1)]
    return normalised(pl.DataFrame(full, schema=_SCHEMA), "CN")


def chosen(frame: pl.DataFrame, field: str, said: Survivorship) -> tuple[object, int | None, str]:
    """The one customer's value of the field, its record and the rule that chose it."""
    golden = golden_records(frame, IdentityRules((), golden={field: said}))
    row = golden.values.filter(pl.col("field") == field).row(0, named=True)
    return golden.records[field][0], row["record_id"], row["rule"]


TRUSTED: Survivorship = Survivorship(("priority",), ("finance", "crm"))
RECENT, FREQUENT, LONGEST = (Survivorship((take,)) for take in ("most_recent", "most_frequent", "longest"))


@pytest.mark.parametrize(
    ("_case", "said", "rows", "expected"),
    [
        ("one record speaks", RECENT, [{"city": SHANGHAI}, {}], (SHANGHAI, 1, "only")),
        ("all say the same", RECENT, [{"city": SHANGHAI}, {"city": SHANGHAI}], (SHANGHAI, 1, "agreed")),
        ("the trusted system", TRUSTED, [{"city": SHANGHAI}, {"city": SHENZHEN, "system": "finance"}],
         (SHENZHEN, 2, "priority")),
        ("a system of no rank comes last", TRUSTED, [{"city": SHANGHAI, "system": "a"}, {"city": SHENZHEN}],
         (SHENZHEN, 2, "priority")),
        ("a mention of a trusted system counts", TRUSTED,
         [{"city": SHANGHAI}, {"city": SHENZHEN, "system": "finance", "origin": "mention"}], (SHENZHEN, 2, "priority")),
        ("two of the trusted system: the next rule", Survivorship(("priority", "longest"), ("crm",)),
         [{"city": SHANGHAI}, {"city": "上海浦东"}], ("上海浦东", 2, "longest")),
        ("the latest export", RECENT,
         [{"city": SHANGHAI, "exported_at": on(2)}, {"city": SHENZHEN, "exported_at": on(3)}],
         (SHENZHEN, 2, "most_recent")),
        ("an export of no date is the oldest", RECENT, [{"city": SHANGHAI}, {"city": SHENZHEN, "exported_at": on(1)}],
         (SHENZHEN, 2, "most_recent")),
        ("of one export, the latest first contact", RECENT,
         [{"city": SHANGHAI, "first_contact_at": on(1)}, {"city": SHENZHEN, "first_contact_at": on(2)}],
         (SHENZHEN, 2, "most_recent")),
        ("what most records say", FREQUENT, [{"city": SHANGHAI}, {"city": SHENZHEN}, {"city": SHENZHEN}],
         (SHENZHEN, 2, "most_frequent")),
        ("as often: the common order", FREQUENT, [{"city": SHENZHEN}, {"city": SHANGHAI}], (SHENZHEN, 1, "order")),
        ("the longest", LONGEST, [{"city": "上海"}, {"city": "上海市浦东"}], ("上海市浦东", 2, "longest")),
        ("by no rule: a list before a mention", Survivorship(),
         [{"city": SHANGHAI, "origin": "mention", "exported_at": on(9)}, {"city": SHENZHEN}], (SHENZHEN, 2, "listed")),
        ("by no rule: the latest", Survivorship(), [{"city": SHANGHAI}, {"city": SHENZHEN, "exported_at": on(1)}],
         (SHENZHEN, 2, "most_recent")),
        ("by no rule: the first by system and key", Survivorship(),
         [{"city": SHANGHAI, "system": "b"}, {"city": SHENZHEN, "system": "a"}], (SHENZHEN, 2, "order")),
    ],
)  # fmt: skip
def test_the_rule_that_told_the_values_apart_is_kept(
    _case: str, said: Survivorship, rows: list[Row], expected: tuple[object, int, str]
) -> None:
    assert chosen(records(*rows), "city", said) == expected


def test_a_phone_is_as_frequent_as_its_comparable_form() -> None:
    rows: list[Row] = [{"phone": "13912341235"}, {"phone": "139-1234-1234"}, {"phone": "+8613912341234"}]
    assert chosen(records(*rows), "phone", FREQUENT) == ("139-1234-1234", 2, "most_frequent")


def test_a_wrong_phone_is_never_trusted_more_than_a_right_one() -> None:
    frame = records({"phone": "13912341234"}, {"phone": "11111111111", "system": "finance"})
    assert chosen(frame, "phone", TRUSTED) == ("13912341234", 1, "valid")


def test_what_nobody_says_is_told_as_such() -> None:
    golden = golden_records(records({"key": "C1"}))
    assert golden.records.select("name", "kind").rows() == [("C1", "company")]
    assert golden.values.rows() == [("u", "name", None, "stand_in"), ("u", "kind", None, "guessed")]


def test_a_correction_wins_and_the_later_one_over_the_earlier() -> None:
    frame = records({"key": "C1", "name": "顺达", "consent": True})
    said = [
        ("0\x1fcrm\x1fC1", "name", "李静"),
        ("0\x1fcrm\x1fC1", "consent", "false"),
        ("0\x1fcrm\x1fC1", "name", "顺大"),
    ]
    said.append(("0\x1fcrm\x1fC9", "name", "another's"))
    golden = golden_records(frame, corrected=pl.DataFrame(said, schema=CORRECTED_SCHEMA, orient="row"))
    assert golden.records.select("name", "name_search", "kind", "consent").rows() == [("顺大", "顺大", "person", False)]
    assert golden.values.sort("field").rows() == [
        ("u", "consent", None, "correction"),
        ("u", "kind", None, "guessed"),
        ("u", "name", None, "correction"),
    ]


def test_every_choice_is_a_rule_users_can_read() -> None:
    assert set(CHOICES) < set(CHOSEN_BY)


_ROWS = st.lists(
    st.fixed_dictionaries(
        {"uid": st.sampled_from(["u", "v"]), "system": st.sampled_from(["crm", "finance", "tms"])},
        optional={
            "origin": st.just("mention"),
            "name": st.sampled_from(["上海顺达物流", "顺达物流(上海)", "顺大", "李静"]),
            "phone": st.sampled_from(["13912341234", "+86 13912341234", "13912341235", "110"]),
            "city": st.sampled_from(["上海", "上海市", "深圳"]),
            "consent": st.booleans(),
            "exported_at": st.sampled_from([on(1), on(2)]),
            "first_contact_at": st.sampled_from([on(1), on(2)]),
        },
    ),
    min_size=1,
    max_size=12,
)
_SAID = st.lists(st.sampled_from(CHOICES), max_size=3, unique=True).map(
    lambda take: Survivorship(tuple(take), ("finance", "crm"))
)


def _best(rows: list[dict[str, object]], field: str, said: Survivorship) -> object:
    """The survivor, row by row."""
    key = f"{field}_key" if field in {"name", "phone"} else field

    def rank(row: dict[str, object]) -> tuple[object, ...]:
        dates = tuple(
            -each.timestamp() if isinstance(each, datetime) else float("inf")
            for each in (row["exported_at"], row["first_contact_at"])
        )
        same = row[key] if row[key] is not None else row[field]
        places = {"finance": 0, "crm": 1}
        by: dict[Choice, object] = {
            "priority": places.get(str(row["system"]), 2),
            "most_recent": dates,
            "most_frequent": -sum((each[key] if each[key] is not None else each[field]) == same for each in rows),
            "longest": -len(str(row[field])) if field != "consent" else -len(str(row[field]).lower()),
        }
        valid = field == "phone" and row[key] is None
        last = (row["origin"] != "file", dates, row["system"], row["key"])
        return (valid, *(by[take] for take in said.take), *last)

    return min(rows, key=rank)


@settings(max_examples=50)
@given(_ROWS, _SAID, st.sampled_from(["name", "phone", "city", "consent"]), st.randoms(use_true_random=False))
def test_the_survivor_is_that_of_the_oracle_in_any_order(
    rows: list[Row], said: Survivorship, field: str, dice: random.Random
) -> None:
    frame = records(*rows)
    rules = IdentityRules((), golden={field: said})
    expected = {}
    for uid in ("u", "v"):
        known = [row for row in frame.to_dicts() if row["uid"] == uid and row[field] is not None]
        if known:
            best = _best(known, field, said)
            assert isinstance(best, dict)
            expected[uid] = (best[field], best["key"])
    numbers = dice.sample(range(1, 1000), len(frame))
    shuffled = frame.with_columns(pl.Series("id", numbers))[dice.sample(range(len(frame)), len(frame))]
    for each in (frame, shuffled):
        golden = golden_records(each, rules)
        sources = golden.values.filter((pl.col("field") == field) & pl.col("record_id").is_not_null())
        named = sources.join(each.select("id", "key"), left_on="record_id", right_on="id")
        found = golden.records.join(named.select("uid", source="key"), on="uid").select("uid", field, "source").rows()
        assert {uid: (value, key) for uid, value, key in found} == expected


@settings(max_examples=30)
@given(_ROWS, _SAID, st.randoms(use_true_random=False))
def test_the_rules_that_chose_are_the_same_in_any_order(
    rows: list[Row], said: Survivorship, dice: random.Random
) -> None:
    frame = records(*rows)
    rules = IdentityRules((), golden=dict.fromkeys(GOLDEN_FIELDS, said))
    again = frame[dice.sample(range(len(frame)), len(frame))]
    order = ["uid", "field"]
    first, second = (golden_records(each, rules) for each in (frame, again))
    assert first.records.equals(second.records)
    assert first.values.sort(order).equals(second.values.sort(order))
