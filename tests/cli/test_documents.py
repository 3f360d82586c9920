"""kehu documents check: trusted documents that the schema lets run no more."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kehu.workspace.workspace import Workspace

Kehu = Callable[..., tuple[int, str, str]]
LIST = "query List($first: Int) { customers(first: $first) { totalCount } }"
OLD = "{\n  customers { nodes { nam } } }"
UNKNOWN = "Cannot query field 'nam' on type 'Customer'. Did you mean 'name'?"
TOLD = "1 document, and each can run\n"


@pytest.mark.parametrize(
    ("_case", "files", "expected"),
    [
        ("all can run", {"documents/List.graphql": LIST}, []),
        (
            "one cannot",
            {"documents/List.graphql": LIST, "documents/Old.graphql": OLD},
            [f"documents/Old.graphql:2:23: error[outdated-document]: {UNKNOWN}"],
        ),
        (
            "no GraphQL",
            {"documents/Bad.graphql": "{"},
            ["documents/Bad.graphql:1:2: error[outdated-document]: Syntax Error: Expected Name, found <EOF>."],
        ),
        (
            "a manifest",
            {"documents": json.dumps({"a": "{ customer }"})},
            ["documents#a:1:3: ", "'Query.customer(id:)' of type 'ID!' is required"],
        ),
        (
            "Apollo's manifest",
            {"documents": json.dumps({"format": "x", "operations": [{"id": "b", "body": "{ nothing }"}]})},
            ["documents#b:1:3: error[outdated-document]: Cannot query field 'nothing' on type 'Query'."],
        ),
        ("nothing there", {}, ["documents:1:1: error[no-documents]: there are no trusted documents here"]),
        ("no JSON", {"documents": "{"}, ["not readable as JSON"]),
        ("no text", {"documents": '{"a": 1}'}, ["the entry 'a' is no document"]),
    ],
)
def test_documents_that_cannot_run_any_more_are_told(
    make_workspace: Callable[..., Workspace], kehu: Kehu, _case: str, files: dict[str, str], expected: list[str]
) -> None:
    root = make_workspace(files).root
    code, out, err = kehu("documents", "check", "-w", root)
    *printed, counted = err.splitlines() or [""]
    told = (1, f"{len(expected)} {'error' if len(expected) == 1 else 'errors'}", "") if expected else (0, "", TOLD)
    assert (code, counted, out) == told
    assert len(printed) == len(expected)
    assert all(words in line for words, line in zip(expected, printed, strict=True))


def test_a_folder_is_checked_without_a_workspace(tmp_path: Path, kehu: Kehu) -> None:
    (tmp_path / "Old.graphql").write_text(OLD, encoding="utf-8")
    (tmp_path / "List.graphql").write_text(LIST, encoding="utf-8")
    code, out, err = kehu("documents", "check", tmp_path, "--json")
    place = {"path": str(tmp_path / "Old.graphql"), "line": 2, "column": 23}
    problem = {"place": place, "check": "outdated-document", "message": UNKNOWN, "remedy": "", "severity": "error"}
    assert (code, json.loads(out), err) == (1, {"documents": 2, "problems": [problem]}, "")
