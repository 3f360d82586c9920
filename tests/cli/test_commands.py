"""The kehu command in its own process's place: what it prints, how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from kehu.cli.options import read_instant
from kehu.model.problems import RefusedError
from kehu.store.database import newest_revision
from kehu.workspace.workspace import Workspace

MakeWorkspace = Callable[..., Workspace]
Run = Callable[..., tuple[int, str, str]]

WRITTEN = Path(__file__).parent.parent / "written"
SOURCE = (WRITTEN / "waybills.yaml").read_text(encoding="utf-8")
ROWS = "number,account,name,day,paid\n1,A1,顺达物流有限公司,2026-01-01,100.00\n2,A2,捷通公司,2026-02-01,250000\n"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, kehu: Run) -> Run:
    """Run the command on a terminal of 160 columns."""
    monkeypatch.setenv("COLUMNS", "160")
    return kehu


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    """Two waybills of two customers; the clock at the latest event."""
    files = {"sources/waybills.yaml": SOURCE, "data/waybills.csv": ROWS}
    return make_workspace(files, 'clock = "latest event"\ntimezone = "UTC"\n')


def test_a_new_workspace_passes_its_own_check(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert run("init", folder)[0] == 0
    assert sorted(path.name for path in folder.iterdir()) == ["data", "kehu.toml", "rules", "sources"]
    code, out, _ = run("rules", "check", "-w", folder)
    assert (code, out) == (0, "14 files, 9 rule sets: 0 errors, 0 warnings\n")


def test_a_workspace_is_not_made_over_something_else(run: Run, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("keep", encoding="utf-8")
    code, _, err = run("init", tmp_path)
    assert code == 1
    assert "there is something here already (give the name of a new or an empty folder)" in err
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_without_a_workspace_every_problem_has_a_remedy(run: Run, tmp_path: Path) -> None:
    code, out, err = run("load", "-w", tmp_path)
    assert (code, out) == (1, "")
    assert "there is no workspace here (run 'kehu init DIR' to make a workspace" in err
    assert err.endswith("1 error\n")


def test_wrong_usage_ends_with_two(run: Run) -> None:
    assert run("resegment", "--asof", "2026-01-01")[0] == 2


def test_load_segment_and_look(run: Run, workspace: Workspace) -> None:
    code, out, err = run("load", "-w", workspace.root)
    assert code == 0
    assert re.search(r"waybills +│ data/waybills\.csv +│ +2 │ +2 │ +0 │ +0 │", out)
    assert "2 records are 2 customers (2 new)" in out
    assert "data/waybills.csv" in err
    code, out, _ = run("resegment", "-w", workspace.root)
    assert code == 0
    assert re.search(r"service_tier +│ professional +│ +1 │", out)
    assert "run 1 published: 2 customers as of 2026-02-01 00:00:00 UTC" in out
    code, out, _ = run("runs", "list", "-w", workspace.root, "--json")
    (only,) = json.loads(out)["runs"]
    assert (code, only["id"], only["state"], only["published"]) == (0, 1, "published", True)
    code, out, _ = run("runs", "show", "1", "-w", workspace.root)
    assert code == 0
    assert re.search(r"lifecycle +│ active +│ +2 │", out)


def test_a_second_load_says_that_nothing_had_changed(run: Run, workspace: Workspace) -> None:
    run("load", "-w", workspace.root)
    code, out, _ = run("load", "-w", workspace.root)
    assert code == 0
    assert "nothing had changed" in out


def test_quarantined_rows_end_a_load_with_three(run: Run, workspace: Workspace) -> None:
    (workspace.root / "data" / "waybills.csv").write_text(ROWS + "3,A3,x,yesterday,1\n", encoding="utf-8")
    code, out, _ = run("load", "-w", workspace.root, "--json")
    assert code == 3
    assert json.loads(out) == {
        "files": [
            {
                "source": "waybills",
                "file": "data/waybills.csv",
                "read": 3,
                "loaded": 2,
                "unchanged": 0,
                "quarantined": 1,
                "refused": 0,
            }
        ],
        "customers": {"records": 2, "customers": 2, "new": 2, "gone": 0},
    }


def test_a_wrong_rule_is_shown_where_it_stands_and_nothing_runs(run: Run, workspace: Workspace) -> None:
    shipped = Path(__file__).parents[2] / "rules" / "service_tier.yaml"
    wrong = shipped.read_text(encoding="utf-8").replace("revenue_365d >= 500000", "revenu_365d >= 500000")
    (workspace.root / "rules").mkdir()
    (workspace.root / "rules" / "service_tier.yaml").write_text(wrong, encoding="utf-8")
    code, out, _ = run("rules", "check", "-w", workspace.root)
    assert code == 1
    assert "service_tier.yaml:9:11: error[unknown-feature]: unknown feature 'revenu_365d'" in out
    assert "did you mean 'revenue_365d'?" in out
    run("load", "-w", workspace.root)
    code, _, err = run("resegment", "-w", workspace.root)
    assert code == 1
    assert "unknown feature 'revenu_365d'" in err
    assert json.loads(run("runs", "list", "-w", workspace.root, "--json")[1]) == {"runs": []}


def test_the_features_are_listed_with_unit_and_meaning(run: Run, workspace: Workspace) -> None:
    code, out, _ = run("rules", "features", "-w", workspace.root, "--json")
    revenue = next(item for item in json.loads(out)["features"] if item["name"] == "revenue_365d")
    assert (code, revenue["unit"], revenue["label"]["zh"], revenue["type"]["kind"]) == (
        0,
        "currency",
        "近一年收入",
        "decimal",
    )
    assert "revenue_365d" in run("rules", "features", "-w", workspace.root)[1]


def test_members_are_exported(run: Run, workspace: Workspace, tmp_path: Path) -> None:
    run("load", "-w", workspace.root)
    run("resegment", "-w", workspace.root)
    target = tmp_path / "members.csv"
    code, out, _ = run("export", "service_tier:professional", "-o", target, "-w", workspace.root)
    assert (code, out) == (0, f"1 members written to {target}\n")
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")
    assert pl.read_csv(target).select("name", "level").rows() == [("捷通公司", "professional")]
    assert run("export", "service_tier", "-o", tmp_path / "all.parquet", "-w", workspace.root)[0] == 0
    assert pl.read_parquet(tmp_path / "all.parquet")["level"].sort().to_list() == ["ordinary", "professional"]


@pytest.mark.parametrize(
    ("_case", "members", "file", "expected"),
    [
        ("an unknown rule set", "service_teir", "x.csv", "no rule set 'service_teir' (did you mean 'service_tier'?)"),
        ("an unknown level", "service_tier:vipp", "x.csv", "no level 'vipp' (did you mean 'vip'?)"),
        ("an unknown format", "service_tier", "x.xlsx", "'.xlsx' is no export format"),
    ],
)
def test_an_export_that_cannot_be_is_refused(
    run: Run, workspace: Workspace, tmp_path: Path, _case: str, members: str, file: str, expected: str
) -> None:
    run("load", "-w", workspace.root)
    run("resegment", "-w", workspace.root)
    code, _, err = run("export", members, "-o", tmp_path / file, "-w", workspace.root)
    assert code == 1
    assert expected in err
    assert not (tmp_path / file).exists()


def test_before_the_first_run_there_is_nothing_to_export(run: Run, workspace: Workspace, tmp_path: Path) -> None:
    code, _, err = run("export", "service_tier", "-o", tmp_path / "x.csv", "-w", workspace.root)
    assert (code, "no run is published yet" in err) == (1, True)
    assert run("runs", "list", "-w", workspace.root)[1] == "no run yet; 'kehu resegment' makes the first\n"


def test_a_run_that_is_not_there_is_refused(run: Run, workspace: Workspace) -> None:
    code, _, err = run("runs", "show", "7", "-w", workspace.root)
    assert (code, "there is no run 7 (see 'kehu runs list')" in err) == (1, True)


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("a day ends at midnight of its zone", "2026-03-01", datetime(2026, 3, 1, 15, 59, 59, 999999, UTC)),
        ("a local time", "2026-03-01T08:00", datetime(2026, 3, 1, 0, 0, tzinfo=UTC)),
        ("an instant", "2026-03-01T08:00+00:00", datetime(2026, 3, 1, 8, 0, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_in_the_workspaces_zone(
    make_workspace: MakeWorkspace, _case: str, text: str, expected: datetime
) -> None:
    assert read_instant(text, make_workspace()) == expected


def test_what_is_no_instant_is_refused(make_workspace: MakeWorkspace) -> None:
    with pytest.raises(RefusedError, match="'yesterday' is not an instant"):
        read_instant("yesterday", make_workspace())


def test_the_schema_is_brought_up_once(run: Run, workspace: Workspace) -> None:
    assert run("db", "upgrade", "-w", workspace.root)[1] == f"from revision none to {newest_revision()}\n"
    assert run("db", "upgrade", "-w", workspace.root)[1] == f"at revision {newest_revision()} already\n"


def test_a_carrier_is_generated(run: Run, tmp_path: Path) -> None:
    arguments = ("--customers", "50", "--shipments", "200", "--seed", "3", "-o", tmp_path / "carrier")
    code, out, _ = run("generate", *arguments)
    assert code == 0
    assert "200" in out
    assert (tmp_path / "carrier" / "carrier.json").exists()


def test_a_database_that_is_not_there_is_told_in_a_line(run: Run, make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(url="postgresql://nobody@127.0.0.1:1/none")
    code, _, err = run("runs", "list", "-w", workspace.root)
    assert code == 1
    assert err.startswith(
        "postgresql+psycopg://nobody@127.0.0.1:1/none:1:1: error[database]: the database does not open"
    )
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("_case", "sent", "code", "told"),
    [
        ("interrupted", signal.SIGINT, 130, "interrupted; nothing half-done was kept\n"),
        ("terminated by the system", signal.SIGTERM, -signal.SIGTERM, ""),
    ],
)
def test_a_command_stopped_by_a_signal_ends_tidily(
    _case: str, sent: signal.Signals, code: int, told: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "kehu.cli", "generate", "-o", str(tmp_path / "big"), "--customers", "60000"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        begun = process.stderr.readline()
        process.send_signal(sent)
        rest = process.stderr.read()
    assert begun
    assert (process.returncode, rest) == (code, told)


def test_an_instant_out_of_the_calendar_is_refused(workspace: Workspace) -> None:
    for text in ("0001-01-01", "1899-12-31", "9999-12-31T23:59:59-12:00"):
        with pytest.raises(RefusedError, match=f"'{text}' is outside the years 1900 to 9998"):
            read_instant(text, workspace)
    assert read_instant("1900-01-01T00:00Z", workspace) == datetime(1900, 1, 1, tzinfo=UTC)


def test_a_database_that_is_none_is_named(run: Run, workspace: Workspace) -> None:
    database = workspace.root / "kehu.sqlite3"
    database.write_text("this is no database at all, not even by accident; it is a text")
    code, _, told = run("runs", "list", "-w", workspace.root)
    assert code == 1
    assert told.splitlines()[0].startswith(
        f"sqlite:///{database}:1:1: error[database]: the database does not open: file is not a database (check "
    )


def test_what_the_system_refuses_is_told_without_a_traceback(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _, told = run("generate", "-o", tmp_path / "file" / "inside", "--customers", "10", "--shipments", "10")
    assert code == 1
    assert told.splitlines()[-2:] == [
        f"{tmp_path}/file/inside/.kehu-partial/crm:1:1: error[system]: the system refused: Not a directory",
        "1 error",
    ]


@pytest.mark.parametrize("origin", ["*", "localhost:3000", "http://localhost:3000/", "http://a b"])
def test_an_origin_that_no_browser_sends_is_refused(run: Run, workspace: Workspace, origin: str) -> None:
    code, _, told = run("serve", "-w", workspace.root, "--cors-origin", origin)
    assert code == 1
    assert told.startswith(f"--cors-origin:1:1: error[origin]: '{origin}' is not an origin")


def test_a_terminal_without_chinese_letters_gets_escapes(workspace: Workspace) -> None:
    command = [sys.executable, "-m", "kehu.cli", "rules", "features", "-w", str(workspace.root)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u" in done.stdout
