"""kehu db check and kehu resegment --rebuild: the mirror beside its database."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kehu.workspace.workspace import Workspace, open_workspace

Kehu = Callable[..., tuple[int, str, str]]
WRITTEN = Path(__file__).parent.parent / "written"
SOURCE = (WRITTEN / "waybills.yaml").read_text(encoding="utf-8")
WAYBILLS = "number,account,name,day,paid\nW1,A,Alpha Ltd,2026-01-10,10\nW2,B,Beta Ltd,2026-01-11,20\n"
KINDS = ("shipments", "complaints", "visits", "contacts")


@pytest.fixture
def carrier(workspace_after: Callable[..., Path]) -> Workspace:
    """Two shipments, loaded."""
    files = {"kehu.toml": "", "sources/waybills.yaml": SOURCE, "data/waybills.csv": WAYBILLS}
    return open_workspace(workspace_after(files, ["load"]), {})


def test_equal_events_are_counted(carrier: Workspace, kehu: Kehu) -> None:
    code, out, _ = kehu("db", "check", "-w", carrier.root, "--json")
    counts = {name: {"stored": 0, "mirrored": 0} for name in KINDS} | {"shipments": {"stored": 2, "mirrored": 2}}
    assert (code, json.loads(out)) == (0, {"streams": counts, "problems": []})


def test_other_events_end_it_with_one_until_the_mirror_is_rebuilt(carrier: Workspace, kehu: Kehu) -> None:
    kehu("db", "check", "-w", carrier.root)
    with closing(sqlite3.connect(carrier.root / "kehu.sqlite3")) as connection, connection:
        connection.execute("UPDATE shipments SET revenue = 1 WHERE number = 'W1'")
    code, out, err = kehu("db", "check", "-w", carrier.root)
    assert (code, "differs" in out) == (1, True)
    assert "2 shipments in the database, 2 in its mirror, which are not the same" in err
    assert "(run 'kehu resegment --rebuild' to make the mirror anew)" in err
    assert kehu("resegment", "--rebuild", "--as-of", "2026-02-01", "-w", carrier.root)[0] == 0
    assert kehu("db", "check", "-w", carrier.root)[0] == 0


def test_other_values_of_features_end_it_with_one_until_they_are_written_anew(carrier: Workspace, kehu: Kehu) -> None:
    assert kehu("resegment", "--as-of", "2026-02-01", "-w", carrier.root)[0] == 0
    assert kehu("db", "check", "-w", carrier.root)[0] == 0
    with closing(sqlite3.connect(carrier.root / "kehu.sqlite3")) as connection, connection:
        connection.execute("UPDATE customer_features SET whole_1 = 99 WHERE customer_id = 1")
    code, _, err = kehu("db", "check", "-w", carrier.root)
    said = "the values of features of 1 customers in the database are not those kept beside it"
    assert (code, said in err) == (1, True)
    assert kehu("resegment", "--rebuild", "--as-of", "2026-02-01", "-w", carrier.root)[0] == 0
    assert kehu("db", "check", "-w", carrier.root)[0] == 0


def test_where_the_mirror_cannot_be_written_a_run_reads_the_database(carrier: Workspace, kehu: Kehu) -> None:
    (carrier.root / "kehu.sqlite3.mirror").write_text("a file is in the way")
    code, _, err = kehu("resegment", "--as-of", "2026-02-01", "-w", carrier.root)
    assert (code, "reading the database itself, its mirror cannot be used" in err) == (0, True)
    code, _, err = kehu("db", "check", "-w", carrier.root)
    assert (code, "see that the disk has space and that the folder may be written" in err) == (1, True)
