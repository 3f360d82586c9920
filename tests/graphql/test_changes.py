"""What holds for every change: who asks, keys, dry runs, versions, all or nothing; a refused one changes nothing."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event

from kehu.pipeline.transactions import writing
from kehu_graphql.changing import MAX_ROWS, made_anew
from kehu_graphql.types.change import ChangeInput

ERRORS = "userErrors { code path message suggestion }"
CREATE = f"""
mutation($input: OverridesCreateInput!) {{ overridesCreate(input: $input) {{
  isDryRun isReplay {ERRORS} rows {{ index override {{ number author code }} {ERRORS} }}
}} }}
"""
END = f"mutation($input: OverrideEndInput!) {{ overrideEnd(input: $input) {{ {ERRORS} override {{ endedBy }} }} }}"
BUSY = {"customer": "C2", "ruleSet": "size", "code": "busy", "effect": "INCLUDE", "reason": "contract"}
DONE: dict[str, Any] = {"isDryRun": False, "isReplay": False, "userErrors": []}


def row(number: int, index: int = 0, author: str = "Li Na") -> dict[str, Any]:
    return {"index": index, "override": {"number": number, "author": author, "code": "busy"}, "userErrors": []}


def wanted(*rows: dict[str, Any], **options: object) -> dict[str, Any]:
    return {"rows": list(rows), **options}


def test_a_change_is_made_and_its_answer_shows_what_was_written(office_anywhere: Any) -> None:
    made = office_anywhere.ask(CREATE, input=wanted(BUSY))
    assert made == {**DONE, "rows": [row(1)]}
    (written,) = office_anywhere.content()["changes"]
    assert written[2:5] == ("Li Na", "overridesCreate", None)


def test_a_dry_run_answers_what_stands_and_changes_nothing(office_anywhere: Any) -> None:
    before = office_anywhere.content()
    made = office_anywhere.ask(CREATE, input=wanted(BUSY, dryRun=True))
    assert made == {**DONE, "isDryRun": True, "rows": [{"index": 0, "override": None, "userErrors": []}]}
    assert office_anywhere.content() == before


def test_a_dry_run_names_no_number_that_the_next_change_is_given() -> None:
    assert made_anew(ChangeInput(dry_run=True), {"complaint": 7}) == {}
    assert made_anew(ChangeInput(), {"complaint": 7}) == {"complaint": 7}


def test_a_dry_run_refuses_what_the_change_would(office: Any) -> None:
    made = office.ask(CREATE, input=wanted({**BUSY, "code": "bussy"}, dryRun=True))
    assert made["userErrors"] == [
        {
            "code": "UNKNOWN_LEVEL",
            "path": ["input", "rows", "0", "code"],
            "message": "rule set 'size' has no level 'bussy'",
            "suggestion": "did you mean 'busy'?",
        }
    ]


@pytest.mark.parametrize(
    ("_case", "author", "message"),
    [
        ("no header", None, "nobody says who asks for it"),
        ("an empty one", " ", "nobody says who asks for it"),
        ("control characters", "Li\nNa", "the header 'Kehu-Author' holds no name"),
        ("a book", "x" * 201, "the header 'Kehu-Author' holds no name"),
    ],
)
def test_nobody_in_particular_changes_nothing(office: Any, _case: str, author: str | None, message: str) -> None:
    before = office.content()
    (error,) = office.ask(CREATE, author=author, input=wanted(BUSY))["userErrors"]
    assert (error["code"], error["path"], error["message"]) == ("NO_AUTHOR", None, message)
    assert office.content() == before


def test_the_author_may_be_chinese(office: Any) -> None:
    assert office.ask(CREATE, author="李娜", input=wanted(BUSY))["rows"] == [row(1, author="李娜")]


def test_the_author_may_be_bytes_as_they_are(office: Any) -> None:
    body = {"query": CREATE, "variables": {"input": wanted(BUSY)}}
    answer = office.client.post("/graphql", json=body, headers={b"kehu-author": "李娜".encode()}).json()
    assert answer["data"]["overridesCreate"]["rows"] == [row(1, author="李娜")]


def test_the_same_key_makes_a_change_once(office_anywhere: Any) -> None:
    first = office_anywhere.ask(CREATE, input=wanted(BUSY, idempotencyKey="k1"))
    after = office_anywhere.content()
    again = office_anywhere.ask(CREATE, input=wanted(BUSY, idempotencyKey="k1"))
    assert first == {**DONE, "rows": [row(1)]}
    assert again == {**first, "isReplay": True}
    assert office_anywhere.content() == after


def test_another_input_under_a_key_is_refused(office: Any) -> None:
    office.ask(CREATE, input=wanted(BUSY, idempotencyKey="k1"))
    after = office.content()
    refused = office.ask(CREATE, input=wanted({**BUSY, "customer": "C3"}, idempotencyKey="k1"))
    assert [error["code"] for error in refused["userErrors"]] == ["KEY_REUSED"]
    assert (refused["rows"], office.content()) == ([], after)


def test_two_people_may_use_the_same_key(office: Any) -> None:
    office.ask(CREATE, input=wanted(BUSY, idempotencyKey="k1"))
    other = office.ask(CREATE, author="Zhang Wei", input=wanted({**BUSY, "customer": "C3"}, idempotencyKey="k1"))
    assert other == {**DONE, "rows": [row(2, author="Zhang Wei")]}


def test_a_refused_change_leaves_its_key_for_the_mended_one(office: Any) -> None:
    office.ask(CREATE, input=wanted({**BUSY, "code": "bussy"}, idempotencyKey="k1"))
    assert office.ask(CREATE, input=wanted(BUSY, idempotencyKey="k1")) == {**DONE, "rows": [row(1)]}


@pytest.mark.parametrize("key", ["", "x" * 201, "a\0b"])
def test_a_key_that_cannot_be_kept_is_refused(office: Any, key: str) -> None:
    refused = office.ask(CREATE, input=wanted(BUSY, idempotencyKey=key))
    assert [(error["code"], error["path"]) for error in refused["userErrors"]] == [
        ("BAD_KEY", ["input", "idempotencyKey"])
    ]


TWO_WRONG = (BUSY, {**BUSY, "customer": "C9"}, {**BUSY, "customer": "C3", "reason": " "}, {**BUSY, "customer": "C1"})


def test_of_many_rows_all_or_none_are_changed(office_anywhere: Any) -> None:
    before = office_anywhere.content()
    refused = office_anywhere.ask(CREATE, input=wanted(*TWO_WRONG))
    assert [(error["code"], error["path"]) for error in refused["userErrors"]] == [
        ("UNKNOWN_CUSTOMER", ["input", "rows", "1", "customer"]),
        ("NO_REASON", ["input", "rows", "2", "reason"]),
    ]
    assert (refused["rows"], office_anywhere.content()) == ([], before)


def test_or_all_but_the_refused_ones(office_anywhere: Any) -> None:
    made = office_anywhere.ask(CREATE, input=wanted(*TWO_WRONG, errorPolicy="SKIP_REFUSED"))
    assert [(each["index"], each["override"] and each["override"]["number"]) for each in made["rows"]] == [
        (0, 1),
        (1, None),
        (2, None),
        (3, 2),
    ]
    assert [[error["code"] for error in each["userErrors"]] for each in made["rows"]] == [
        [],
        ["UNKNOWN_CUSTOMER"],
        ["NO_REASON"],
        [],
    ]
    assert [error["path"][2] for error in made["userErrors"]] == ["1", "2"]


def test_the_journal_keeps_no_word_of_refused_rows(office: Any) -> None:
    asked = wanted(BUSY, {**BUSY, "customer": "13955550000"}, errorPolicy="SKIP_REFUSED", idempotencyKey="k1")
    office.ask(CREATE, input=asked)
    assert "13955550000" not in str(office.content()["changes"])
    again = office.ask(CREATE, input=asked)
    assert (again["isReplay"], [each["override"] is None for each in again["rows"]]) == (True, [False, True])


@pytest.mark.parametrize(("_case", "count"), [("none", 0), ("too many", MAX_ROWS + 1)])
def test_no_rows_and_too_many_are_refused(office: Any, _case: str, count: int) -> None:
    (error,) = office.ask(CREATE, input=wanted(*[BUSY] * count))["userErrors"]
    assert (error["code"], error["message"]) == ("ROW_COUNT", f"there are {count} rows")


def test_a_stale_version_is_refused_and_the_new_one_taken(office_anywhere: Any) -> None:
    office_anywhere.ask(CREATE, input=wanted(BUSY))
    listed = "{ customers { nodes { overrides { id version } } } }"
    (seen,) = [each for node in office_anywhere.ask(listed)["nodes"] for each in node["overrides"]]
    before = office_anywhere.content()
    asked = {"id": seen["id"], "reason": "ended"}
    refused = office_anywhere.ask(END, input={**asked, "expectedVersion": "0123456789abcdef"})
    assert [(error["code"], error["path"]) for error in refused["userErrors"]] == [
        ("STALE_VERSION", ["input", "expectedVersion"])
    ]
    assert office_anywhere.content() == before
    ended = office_anywhere.ask(END, input={**asked, "expectedVersion": seen["version"]})
    assert ended == {"userErrors": [], "override": {"endedBy": "Li Na"}}


def test_an_instant_without_a_zone_is_a_user_error(office: Any) -> None:
    (error,) = office.ask(CREATE, input=wanted({**BUSY, "expiresAt": "2027-01-01T00:00:00"}))["userErrors"]
    assert (error["code"], error["path"]) == ("INSTANT", ["input", "rows", "0", "expiresAt"])


def test_broken_rules_are_told_with_their_spot(office: Any) -> None:
    (office.workspace.rules_folder / "size.yaml").write_text("ruleset: size\n", encoding="utf-8")
    errors = office.ask(CREATE, input=wanted(BUSY))["userErrors"]
    assert {error["path"] for error in errors} == {None}
    assert all("size.yaml:1:1: " in error["message"] for error in errors)


def test_several_changes_of_a_document_see_each_other(office: Any) -> None:
    answer = office.send(
        "mutation($a: OverridesCreateInput!, $b: OverridesCreateInput!) {"
        " a: overridesCreate(input: $a) { rows { override { customer { overrides(active: false) { number } } } } }"
        " b: overridesCreate(input: $b) { rows { override { customer { overrides(active: false) { number } } } } } }",
        a=wanted(BUSY),
        b=wanted({**BUSY, "ruleSet": "signs", "code": "quiet", "effect": "EXCLUDE"}),
    )
    seen = [
        [each["number"] for each in answer["data"][name]["rows"][0]["override"]["customer"]["overrides"]]
        for name in ("a", "b")
    ]
    assert seen == [[1], [1, 2]]


def test_a_change_that_waits_keeps_nobody_from_reading(office: Any) -> None:
    answers: list[object] = []
    waiting = threading.Thread(target=lambda: answers.append(office.ask(CREATE, input=wanted(BUSY))["rows"]))
    with writing(office.engine):
        waiting.start()
        for _ in range(5):
            assert office.ask("{ customers { totalCount } }") == {"totalCount": 10}
        assert answers == []
    waiting.join(timeout=30)
    assert answers == [[row(1)]]


def test_a_change_is_put_off_when_another_process_writes_for_long(office: Any) -> None:
    def impatient(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    office.engine.dispose()
    event.listen(office.engine, "connect", impatient)
    with writing(office.engine):
        (error,) = office.send(CREATE, input=wanted(BUSY))["errors"]
    assert error["extensions"]["code"] == "BUSY"
    assert office.ask(CREATE, input=wanted(BUSY))["rows"] == [row(1)]


def test_a_server_that_takes_no_changes_says_so(
    carrier: Engine, serving: Callable[..., AbstractContextManager[httpx.Client]]
) -> None:
    with serving(carrier) as client:
        answer = client.post("/graphql", json={"query": CREATE, "variables": {"input": wanted(BUSY)}}).json()
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["READ_ONLY"]


def test_changes_never_come_by_get(office: Any) -> None:
    before = office.content()
    response = office.client.get(
        "/graphql", params={"query": 'mutation { overrideEnd(input: {id: "1", reason: "x"}) { isReplay } }'}
    )
    assert response.status_code == 400
    assert office.content() == before


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/plain; application/json", "application/x-www-form-urlencoded", "multipart/form-data", ""],
)
def test_what_a_foreign_page_may_send_unasked_is_no_query(office: Any, content_type: str) -> None:
    content = b'{"query": "mutation { overrideEnd(input: {id: 1, reason: \\"x\\"}) { isReplay } }"}'
    response = office.client.post("/graphql", content=content, headers={"content-type": content_type})
    assert response.status_code == 415
