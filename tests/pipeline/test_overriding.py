"""Overrides as they are asked for: refused with every reason at once, or taken down and listed."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, insert, select, update

from kehu.model.problems import Place, RefusedError
from kehu.pipeline.loading import load
from kehu.pipeline.named_customer import named_customer, surely_named
from kehu.pipeline.overriding import NamedDecision, decide, end, listed, workspace_now
from kehu.pipeline.transactions import reading
from kehu.pipeline.wishes import Wish
from kehu.store.database import open_database, upgrade
from kehu.tables.facts import customer_aliases, customers, identifiers
from kehu.tables.overrides import overrides
from kehu.workspace.workspace import Workspace, open_workspace

MakeWorkspace = Callable[..., Workspace]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATEST = datetime(2026, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SOURCE = """
source: crm
format: csv
files: data/crm.csv
key: number
records:
  - shipment:
      number: number
      payer: {key: account, name: name}
      accepted_at: day
"""
ROWS = "number,account,name,day\n1,A1,顺达物流有限公司,2026-01-01\n2,A2,捷通公司,2026-02-01\n3,A3,捷通公司,2026-02-01\n"
PAID = """
shipped: {count: shipments, over: 30 days, unit: shipments, label: {en: Shipped, zh: 发货}, meaning: of 30 days}
"""
TIER = """
ruleset: tier
kind: tier
label: {en: Tier, zh: 等级}
levels:
  - {level: vip, label: {en: VIP, zh: 贵宾}, when: shipped > 9}
  - {level: plain, label: {en: Plain, zh: 普通}, when: shipped > 0}
  - {level: rest, label: {en: Rest, zh: 其他}, otherwise: true}
examples:
  - {given: {shipped: 10}, expect: vip}
  - {given: {shipped: 9}, expect: plain}
  - {given: {shipped: 0}, expect: rest}
"""
MARKS = """
ruleset: marks
kind: flag
label: {en: Marks, zh: 标记}
levels:
  - {level: busy, label: {en: Busy, zh: 忙}, when: shipped > 1}
  - {level: idle, label: {en: Idle, zh: 闲}, when: shipped == 0}
examples:
  - {given: {shipped: 2}, expect: [busy]}
  - {given: {shipped: 0}, expect: [idle]}
"""
CHURN = """
ruleset: churn
kind: warning
label: {en: Churn, zh: 流失}
warnings:
  - warning: silent
    label: {en: Silent, zh: 久未发货}
    when: shipped == 0
    severity: low
    route: [sales]
    reason: nothing shipped
examples:
  - {given: {shipped: 0}, expect: [silent]}
  - {given: {shipped: 1}, expect: []}
"""
FILES = {
    "sources/crm.yaml": SOURCE,
    "data/crm.csv": ROWS,
    "rules/features/shipped.yaml": PAID,
    "rules/tier.yaml": TIER,
    "rules/marks.yaml": MARKS,
    "rules/churn.yaml": CHURN,
}
FIELDS = ("customer", "ruleset", "code", "effect", "reason", "author", "starts_at", "expires_at")
PLACES = {field: Place("asked", 1, column) for column, field in enumerate(FIELDS, 1)}
VIP = Wish("A1", "tier", "vip", "include", "a promise", "ann", None, None, PLACES)
ENDED = "end it first: kehu overrides end 1 --reason …"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the customers A1, A2 and A3, to be copied."""
    root = tmp_path_factory.mktemp("template")
    settings = 'clock = "latest event"\ntimezone = "UTC"\nrules = "own"\n'
    for path, content in {**FILES, "kehu.toml": settings}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    workspace = open_workspace(root, {})
    engine = open_database(workspace.settings.database_url)
    upgrade(engine)
    load(workspace, engine, [], clock=lambda: NOW, progress=lambda _what, _rows: None)
    engine.dispose()
    return root


@pytest.fixture
def loaded(template: Path, tmp_path: Path) -> Iterator[tuple[Workspace, Engine]]:
    """A workspace of three customers; the clock at the latest event."""
    workspace = open_workspace(shutil.copytree(template, tmp_path / "loaded"), {})
    engine = open_database(workspace.settings.database_url)
    yield workspace, engine
    engine.dispose()


def ask(loaded: tuple[Workspace, Engine], *wishes: Wish) -> tuple[NamedDecision, ...]:
    """Take the wishes down."""
    return decide(*loaded, wishes, clock=lambda: NOW)


def refusal(loaded: tuple[Workspace, Engine], *wishes: Wish) -> list[tuple[int, str, str, str]]:
    """(column of the place, check, message, remedy) of everything wrong; nothing may have been written."""
    before = count(loaded[1])
    with pytest.raises(RefusedError) as caught:
        ask(loaded, *wishes)
    assert count(loaded[1]) == before
    return [(each.place.column, each.check, each.message, each.remedy) for each in caught.value.problems]


def count(engine: Engine) -> int:
    """How many overrides there are."""
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(overrides)).scalar_one()


def test_a_wish_is_taken_down_as_it_was_said(loaded: tuple[Workspace, Engine]) -> None:
    muted = Wish("A2", "churn", "silent", "exclude", " 厂房装修 ", " 王芳 ", LATEST, LATEST + DAY, PLACES)
    made = ask(loaded, VIP, muted)
    assert [(each.id, each.name) for each in made] == [(1, "顺达物流有限公司"), (2, "捷通公司")]
    found = [each.named.override for each in listed(*loaded, clock=lambda: NOW)]
    assert [(one.ruleset, one.code, one.effect, one.reason, one.author) for one in found] == [
        ("tier", "vip", "include", "a promise", "ann"),
        ("churn", "silent", "exclude", "厂房装修", "王芳"),
    ]
    assert [(one.created_at, one.starts_at, one.expires_at) for one in found] == [
        (NOW, None, None),
        (NOW, LATEST, LATEST + DAY),
    ]


def test_a_dry_run_says_the_same_and_writes_nothing(loaded: tuple[Workspace, Engine]) -> None:
    tried = decide(*loaded, [VIP], clock=lambda: NOW, dry_run=True)
    assert count(loaded[1]) == 0
    (made,) = ask(loaded, VIP)
    assert (tried, made.id) == ((replace(made, id=None),), 1)


CHOICES = "choose one of churn, marks, tier"
LATER = "let it expire later"
CLOCK = "the workspace's clock says 2026-02-01 00:00:00 UTC"


@pytest.mark.parametrize(
    ("_case", "changed", "problems"),
    [
        (
            "no such rule set",
            {"ruleset": "teir"},
            [(2, "unknown-ruleset", "no rule set 'teir'", "did you mean 'tier'?")],
        ),
        ("nothing like one", {"ruleset": "x"}, [(2, "unknown-ruleset", "no rule set 'x'", CHOICES)]),
        (
            "no such level",
            {"code": "vp"},
            [(3, "unknown-level", "rule set 'tier' has no level 'vp'", "did you mean 'vip'?")],
        ),
        (
            "no such warning",
            {"ruleset": "churn", "code": "silence", "effect": "exclude"},
            [(3, "unknown-warning", "rule set 'churn' has no warning 'silence'", "did you mean 'silent'?")],
        ),
        (
            "a warning made to fire",
            {"ruleset": "churn", "code": "silent"},
            [
                (
                    3,
                    "include-warning",
                    "'silent' is a warning, which fires by its rule alone",
                    "exclude it to mute it",
                )
            ],
        ),
        (
            "out of the level that takes the rest",
            {"code": "rest", "effect": "exclude"},
            [
                (
                    3,
                    "exclude-rest",
                    "'rest' takes whoever meets no other level: nobody can be kept out of it",
                    "include the customer in another level",
                )
            ],
        ),
        (
            "no such effect",
            {"effect": "promote"},
            [(4, "unknown-effect", "'promote' is no effect", "write include or exclude")],
        ),
        (
            "no reason, no author",
            {"reason": " ", "author": ""},
            [
                (5, "no-reason", "there is no reason", "say why, for those who ask later"),
                (6, "no-author", "there is no author", "say who decides it"),
            ],
        ),
        (
            "words no database holds",
            {"reason": "a\0b", "author": "\udcff"},
            [
                (
                    5,
                    "no-text",
                    "the reason 'a\\x00b' holds what is no text",
                    "write it in UTF-8, without the character NUL",
                ),
                (
                    6,
                    "no-text",
                    "the author '\\udcff' holds what is no text",
                    "write it in UTF-8, without the character NUL",
                ),
            ],
        ),
        (
            "expires as it starts",
            {"starts_at": NOW, "expires_at": NOW},
            [
                (
                    8,
                    "empty-interval",
                    "it expires at 2026-03-01 12:00:00 UTC, and starts at 2026-03-01 12:00:00 UTC",
                    LATER,
                )
            ],
        ),
        (
            "is over as it is decided",
            {"expires_at": LATEST},
            [
                (
                    8,
                    "empty-interval",
                    f"it expires at {LATEST:%Y-%m-%d} 00:00:00 UTC, and that is over: {CLOCK}",
                    LATER,
                )
            ],
        ),
        (
            "nobody of that name",
            {"customer": "A9"},
            [
                (
                    1,
                    "unknown-customer",
                    "nobody is known by 'A9'",
                    "give a uid, an account or tax code, a phone, an e-mail or the whole name",
                )
            ],
        ),
        (
            "a customer that is no text",
            {"customer": "\udcff"},
            [
                (
                    1,
                    "unknown-customer",
                    "nobody is known by '\udcff'",
                    "give a uid, an account or tax code, a phone, an e-mail or the whole name",
                )
            ],
        ),
    ],
)
def test_a_wrong_wish_is_refused(
    loaded: tuple[Workspace, Engine],
    _case: str,
    changed: dict[str, str | datetime],
    problems: list[tuple[int, str, str, str]],
) -> None:
    assert refusal(loaded, replace(VIP, **changed)) == problems  # type: ignore[arg-type]


def test_a_moment_after_the_clock_is_late_enough(loaded: tuple[Workspace, Engine]) -> None:
    moment = timedelta(microseconds=1)
    assert ask(loaded, replace(VIP, starts_at=LATEST, expires_at=LATEST + moment))[0].id == 1


def test_a_phone_of_several_customers_is_refused_with_their_uids(loaded: tuple[Workspace, Engine]) -> None:
    with loaded[1].begin() as connection:
        first, second, *_ = connection.execute(select(customers).order_by(customers.c.id)).all()
        for number, customer in enumerate((first, second), 1):
            named = {"kind": "phone", "value": "+8613912340001", "customer_id": customer.id}
            connection.execute(insert(identifiers).values(id=900 + number, **named))
    ((column, check, said, remedy),) = refusal(loaded, replace(VIP, customer="139 1234 0001"))
    assert (column, check, remedy) == (1, "ambiguous-customer", "give the uid of one of them")
    listed_ones = f"{first.uid} {first.name}, {second.uid} {second.name}"
    assert said == f"'139 1234 0001' names 2 customers: {listed_ones}"


def test_customers_named_plainly_are_those_found_one_by_one(loaded: tuple[Workspace, Engine]) -> None:
    with loaded[1].begin() as connection:
        first, second, third = connection.execute(select(customers).order_by(customers.c.id)).all()
        shared = {"kind": "source_key", "system": "erp", "value": "B7"}
        phone = {"kind": "phone", "system": None, "value": "A8"}
        connection.execute(insert(customer_aliases).values(uid="former", customer_id=third.id))
        named = [shared | {"customer_id": first.id}, shared | {"customer_id": second.id}, phone | {"customer_id": 1}]
        connection.execute(insert(identifiers), [{"id": 900 + number, **row} for number, row in enumerate(named)])
    plain = ["A1", " A2 ", first.uid, first.uid.upper(), "former", "FORMER "]
    other = ["B7", "A8", "A9", "a1", "", " ", "\udcff", "139 1234 0001"]
    with reading(loaded[1]) as connection:
        found = surely_named(connection, [*plain, *other])
        assert sorted(found) == sorted(plain)
        for text, customer in found.items():
            assert named_customer(connection, text, "CN", Place("x")).customer_id == customer.id


def test_many_wishes_cost_no_more_statements_than_one(loaded: tuple[Workspace, Engine]) -> None:
    statements: list[str] = []
    event.listen(loaded[1], "before_cursor_execute", lambda *given: statements.append(given[2]))
    ask(loaded, VIP)
    for_one = len(statements)
    ask(loaded, *(replace(BUSY, customer=account) for account in ("A1", "A2", "A3")))
    assert len(statements) == 2 * for_one


def test_everything_wrong_with_all_wishes_is_said_at_once(loaded: tuple[Workspace, Engine]) -> None:
    wishes = [VIP, replace(VIP, code="vp", reason=""), replace(VIP, customer="A9", ruleset="x")]
    checks = [check for _, check, _, _ in refusal(loaded, *wishes)]
    assert checks == ["unknown-customer", "unknown-ruleset", "unknown-level", "no-reason"]


def test_wrong_rule_files_are_refused_first(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace({**FILES, "rules/tier.yaml": TIER.replace("shipped > 9", "shiped > 9")}, 'rules = "own"')
    engine = open_database(workspace.settings.database_url)
    upgrade(engine)
    with pytest.raises(RefusedError) as caught:
        decide(workspace, engine, [replace(VIP, reason="")], clock=lambda: NOW)
    errors = [each.check for each in caught.value.problems if each.severity == "error"]
    assert errors == ["unknown-feature"]


PLAIN = replace(VIP, code="plain")
BUSY = replace(VIP, ruleset="marks", code="busy")
MUTE = replace(VIP, ruleset="churn", code="silent", effect="exclude")


def over(wish: Wish, start: int | None, until: int | None) -> Wish:
    """The wish over [start, until), in days after the clock."""
    edges = [None if days is None else LATEST + days * DAY for days in (start, until)]
    return replace(wish, starts_at=edges[0], expires_at=edges[1])


@pytest.mark.parametrize(
    ("_case", "standing", "asked", "said"),
    [
        ("the same again", VIP, VIP, "includes it in 'vip' already"),
        ("the opposite", VIP, replace(VIP, effect="exclude"), "includes it in 'vip'"),
        ("the opposite, reversed", replace(VIP, effect="exclude"), VIP, "keeps it out of 'vip'"),
        ("another level of a tier", VIP, PLAIN, "includes it in 'vip', and a customer has one level of 'tier'"),
        ("muted twice", MUTE, MUTE, "mutes 'silent' already"),
        (
            "until a moment after the new one starts",
            over(VIP, None, 5),
            over(VIP, 4, None),
            "includes it in 'vip' already until 2026-02-06 00:00:00 UTC",
        ),
        ("starts before the new one expires", over(VIP, 4, None), over(VIP, None, 5), "includes it in 'vip' already"),
    ],
)
def test_a_contradiction_is_refused_and_says_how_to_end_what_stands(
    loaded: tuple[Workspace, Engine], _case: str, standing: Wish, asked: Wish, said: str
) -> None:
    ask(loaded, standing)
    assert refusal(loaded, asked) == [(3, "contradiction", f"override 1 by ann {said}", ENDED)]
    end(loaded[1], 1, by="bo", reason="no more", clock=lambda: NOW)
    assert ask(loaded, asked)[0].id == 2


@pytest.mark.parametrize(
    ("_case", "standing", "asked"),
    [
        ("another customer", VIP, replace(VIP, customer="A2")),
        ("out of another level of the tier", VIP, replace(PLAIN, effect="exclude")),
        ("into another level than one is kept out of", replace(PLAIN, effect="exclude"), VIP),
        ("out of two levels", replace(VIP, effect="exclude"), replace(PLAIN, effect="exclude")),
        ("two flags", BUSY, replace(BUSY, code="idle")),
        ("another rule set", VIP, BUSY),
        ("from when the other expires", over(VIP, None, 5), over(PLAIN, 5, None)),
        ("until the other starts", over(VIP, 5, None), over(PLAIN, None, 5)),
    ],
)
def test_what_does_not_contradict_is_taken_down(
    loaded: tuple[Workspace, Engine], _case: str, standing: Wish, asked: Wish
) -> None:
    ask(loaded, standing)
    assert ask(loaded, asked)[0].id == 2


def test_what_has_expired_contradicts_nothing(loaded: tuple[Workspace, Engine]) -> None:
    ask(loaded, over(VIP, None, 1))
    with loaded[1].begin() as connection:
        connection.execute(update(overrides).values(expires_at=LATEST))
    assert ask(loaded, VIP)[0].id == 2


def test_wishes_contradict_each_other_too(loaded: tuple[Workspace, Engine]) -> None:
    again = replace(PLAIN, places={field: Place("asked", 2, place.column) for field, place in PLACES.items()})
    said = "asked:1:3 includes it in 'vip', and a customer has one level of 'tier'"
    assert refusal(loaded, VIP, again) == [(3, "contradiction", said, "keep one of the two")]


def test_an_ended_override_says_by_whom_and_why(loaded: tuple[Workspace, Engine]) -> None:
    ask(loaded, VIP)
    assert end(loaded[1], 1, by=" bo ", reason=" over ", clock=lambda: NOW).name == "顺达物流有限公司"
    (kept,) = listed(*loaded, clock=lambda: NOW, past=True)
    one = kept.named.override
    assert (kept.state, one.ended_at, one.ended_by, one.ended_reason) == ("ended", NOW, "bo", "over")


@pytest.mark.parametrize(
    ("_case", "number", "by", "reason", "checks"),
    [
        ("no such override", 9, "bo", "why", ["unknown-override"]),
        ("no words and no such override", 9, "", "", ["no-reason", "no-author", "unknown-override"]),
        ("ended before", 1, "bo", "why", ["ended-override"]),
        ("without a reason", 2, "bo", " ", ["no-reason"]),
    ],
)
def test_an_ending_is_refused(
    loaded: tuple[Workspace, Engine], _case: str, number: int, by: str, reason: str, checks: list[str]
) -> None:
    ask(loaded, VIP, BUSY)
    end(loaded[1], 1, by="ann", reason="over", clock=lambda: NOW)
    with pytest.raises(RefusedError) as caught:
        end(loaded[1], number, by=by, reason=reason, clock=lambda: NOW)
    assert sorted(each.check for each in caught.value.problems) == sorted(checks)
    assert [each.state for each in listed(*loaded, clock=lambda: NOW, past=True)] == ["ended", "active"]


def states(loaded: tuple[Workspace, Engine], *, customer: str = "", ruleset: str = "") -> dict[int, str]:
    """The state of everything listed by id, past ones too."""
    found = listed(*loaded, clock=lambda: NOW, past=True, customer=customer, ruleset=ruleset)
    return {each.named.override.id: each.state for each in found}


def test_the_list_says_how_each_stands(loaded: tuple[Workspace, Engine]) -> None:
    ask(
        loaded,
        over(VIP, None, 1),
        over(PLAIN, 1, None),
        MUTE,
        replace(VIP, customer="A2"),
        replace(BUSY, customer="A2"),
    )
    with loaded[1].begin() as connection:
        connection.execute(update(overrides).where(overrides.c.id == 1).values(expires_at=LATEST))
        # As a merge of customers would: customer A2 with two levels of the tier.
        row = select(overrides.c.customer_id).where(overrides.c.id == 4)
        common = {"ruleset": "tier", "effect": "include", "reason": "r", "author": "a", "created_at": NOW}
        merged = {"id": 6, "customer_id": connection.execute(row).scalar_one(), "code": "plain", **common}
        connection.execute(insert(overrides).values(merged))
    end(loaded[1], 5, by="bo", reason="over", clock=lambda: NOW)
    assert states(loaded) == {1: "expired", 2: "upcoming", 3: "active", 4: "overruled", 5: "ended", 6: "active"}
    assert states(loaded, customer="A2") == {4: "overruled", 5: "ended", 6: "active"}
    assert states(loaded, ruleset="churn") == {3: "active"}
    assert [each.named.override.id for each in listed(*loaded, clock=lambda: NOW)] == [2, 3, 4, 6]


def test_a_rule_set_that_is_gone_can_still_be_listed(loaded: tuple[Workspace, Engine]) -> None:
    ask(loaded, VIP)
    (loaded[0].root / "rules" / "tier.yaml").unlink()
    assert states(loaded, ruleset="tier") == {1: "active"}
    with pytest.raises(RefusedError) as caught:
        states(loaded, ruleset="marsk")
    assert [str(each) for each in caught.value.problems] == [
        "marsk:1:1: error[unknown-ruleset]: no rule set 'marsk' (did you mean 'marks'?)"
    ]


@pytest.mark.parametrize(
    ("_case", "clock", "expected"), [("the latest event", "latest event", LATEST), ("the machine's", "now", NOW)]
)
def test_the_workspace_s_clock(loaded: tuple[Workspace, Engine], _case: str, clock: str, expected: datetime) -> None:
    timed = replace(loaded[0], settings=replace(loaded[0].settings, clock=clock))
    with reading(loaded[1]) as connection:
        assert workspace_now(timed, connection, lambda: NOW) == expected


def test_without_events_the_machine_s_clock_decides(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace({}, 'clock = "latest event"\n')
    engine = open_database(workspace.settings.database_url)
    upgrade(engine)
    with reading(engine) as connection:
        assert workspace_now(workspace, connection, lambda: NOW) == NOW
