"""The queue of suggestions and contested keys on both databases: kept, filtered, answered, stale after a load."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from kehu.model.problems import RefusedError
from kehu.pipeline.contested_keys import contested_keys
from kehu.pipeline.deciding_identity import Because, Meant, lock, undo
from kehu.pipeline.identity_queue import is_stale, refresh
from kehu.pipeline.identity_review import Wanted, answer, review_page
from kehu.pipeline.loading import load
from kehu.pipeline.transactions import reading
from kehu.store.database import open_database, upgrade
from kehu.workspace.workspace import Workspace

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANN = Because("ann", "seen")
CRM = """
source: crm
format: csv
files: data/crm.csv
key: no
records:
  - customer: {name: name, phone: phone, address: address, tax_code: tax}
"""
ROWS = """no,name,phone,address,tax
C1,上海泰亿贸易有限公司,13912340000,张江路88号,
C2,泰亿商行,13912340000,张江路88号,
C3,上海顺达物流,13987650413,,91350100M000100Y43
C4,上海顺达物流,13987650413,,91310000MA1FL1X77F
"""


def clock() -> datetime:
    return AT


def test_the_queue_is_kept_answered_and_known_to_be_stale(small_workspace: Callable[..., Workspace]) -> None:
    files = {"sources/crm.yaml": CRM, "data/crm.csv": ROWS, "sources/tms.yaml": None, "data/tms/a.csv": None}
    workspace = small_workspace(files, 'phone_region = "CN"\n')
    engine = open_database(workspace.settings.database_url)
    upgrade(engine)
    load(workspace, engine, [], clock=clock, progress=lambda _what, _rows: None)
    wanted = Wanted(least=0.0)
    assert (review_page(workspace, engine, wanted).computed_at, review_page(workspace, engine, wanted).is_stale) == (
        None,
        True,
    )
    refresh(workspace, engine, least=0.0, now=AT)
    page = review_page(workspace, engine, wanted)
    none = review_page(workspace, engine, wanted, first=0)
    assert (none.total, none.suggestions, none.after) == (page.total, (), "")
    assert review_page(workspace, engine, wanted, after=none.after) == page
    told = {" ".join(sorted(map(str, (each.left.record, each.right.record)))): each for each in page.suggestions}
    assert (page.computed_at, page.is_stale, "crm:C1 crm:C2" in told) == (AT, False, True)
    shops = told["crm:C1 crm:C2"]
    assert {one.field: (one.left, one.right, one.grade) for one in shops.evidence}["address"] == (
        "张江路88号",
        "张江路88号",
        "same",
    )
    (contested,) = contested_keys(workspace, engine, first=5)
    assert (contested.rule, contested.because, contested.most) == ("phone_and_name", "tax_code", 1)
    assert [str(each.record) for each in contested.bearers] in (["crm:C3", "crm:C4"], ["crm:C4", "crm:C3"])
    assert lock(workspace, engine, "C2", ANN, clock=clock).ids == (1,)
    (only,) = review_page(workspace, engine, Wanted(0.0, customer="C1")).suggestions
    assert {str(side.record): side.lock for side in (only.left, only.right)} == {"crm:C1": None, "crm:C2": 1}
    with pytest.raises(RefusedError) as refused:
        answer(workspace, engine, shops.code, "approve", ANN, clock=clock)
    assert [problem.check for problem in refused.value.problems] == ["locked"]
    assert undo(workspace, engine, Meant(by="ann", until=AT + timedelta(1)), ANN, clock=clock, dry_run=True).ids == (1,)
    undo(workspace, engine, Meant(since=AT), ANN, clock=clock)
    assert answer(workspace, engine, shops.code, "approve", ANN, clock=clock).resolved.gone == 1
    assert shops.code not in {each.code for each in review_page(workspace, engine, wanted).suggestions}
    for row, stale in (("", False), ("C5,泰亿,13912340000,,\n", True)):
        (workspace.root / "data" / "crm.csv").write_text(ROWS + row, encoding="utf-8")
        load(workspace, engine, [], clock=clock, progress=lambda _what, _rows: None)
        with reading(engine) as connection:
            assert is_stale(connection, workspace) is stale
    engine.dispose()
