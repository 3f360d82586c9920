"""Files to the graph: what is loaded, and everything that is wrong, at once."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select

from kehu.model.problems import RefusedError
from kehu.pipeline.loading import load, read_sources
from kehu.store.customers import ResolvedCounts
from kehu.tables.facts import batches, customers
from kehu.workspace.workspace import Workspace

Make = Callable[..., Workspace]
Content = Callable[[Engine], dict[str, list[tuple[object, ...]]]]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def clock() -> datetime:
    """Noon on the first of March."""
    return NOW


def quiet(_what: str, _done: int) -> None:
    """Tell nobody."""


def checks(error: pytest.ExceptionInfo[RefusedError], workspace: Workspace) -> list[tuple[str, str, str]]:
    """(place inside the workspace, check, message) of every problem."""
    root = f"{workspace.root}/"
    return [(str(problem.place).removeprefix(root), problem.check, problem.message) for problem in error.value.problems]


def test_every_file_of_every_source_is_loaded(small_workspace: Make, database: Engine) -> None:
    more = "no,payer,at,amount\nW4,C9,2026-02-25,1\nW5,C1,soon,1\nW3,C2,2026-02-20,7\n"
    told: list[tuple[str, int]] = []
    workspace = small_workspace({"data/tms/b.csv": more})
    report = load(workspace, database, [], clock=clock, progress=lambda what, done: told.append((what, done)))
    assert [
        (item.source, item.file, item.read, item.loaded, item.unchanged, item.quarantined) for item in report.files
    ] == [
        ("crm", "data/crm.csv", 3, 3, 0, 0),
        ("tms", "data/tms/a.csv", 3, 3, 0, 0),
        ("tms", "data/tms/b.csv", 3, 1, 1, 1),
    ]
    assert report.quarantined == 1
    assert report.resolved == ResolvedCounts(records=6, customers=4, new=4, gone=0)
    assert told == [("data/crm.csv", 3), ("data/tms/a.csv", 3), ("data/tms/b.csv", 3), ("customers", 0)]


def test_a_file_loaded_again_changes_nothing(small_workspace: Make, database: Engine, content: Content) -> None:
    workspace = small_workspace()
    load(workspace, database, [], clock=clock, progress=quiet)
    before = content(database)
    report = load(workspace, database, [], clock=clock, progress=quiet)
    after = content(database)
    assert report.resolved is None
    assert [(item.read, item.unchanged) for item in report.files] == [(3, 3), (3, 3)]
    assert after | {"batches": []} == before | {"batches": []}


def test_only_the_named_sources_are_loaded(small_workspace: Make, database: Engine) -> None:
    report = load(small_workspace(), database, ["tms"], clock=clock, progress=quiet)
    assert [item.file for item in report.files] == ["data/tms/a.csv"]
    with database.connect() as connection:
        assert connection.execute(select(batches.c.source, batches.c.started_at)).all() == [("tms", NOW)]


def test_a_file_that_two_patterns_match_is_loaded_once(small_workspace: Make, database: Engine) -> None:
    text = "\nfiles: [data/*.csv, data/crm.*]\n"
    workspace = small_workspace()
    source = workspace.sources_folder / "crm.yaml"
    source.write_text(source.read_text(encoding="utf-8").replace("\nfiles: data/crm.csv\n", text), encoding="utf-8")
    (workspace.root / "data" / "folder.csv").mkdir()
    report = load(workspace, database, ["crm"], clock=clock, progress=quiet)
    assert [item.file for item in report.files] == ["data/crm.csv"]


def test_everything_wrong_with_any_source_is_told_at_once(small_workspace: Make) -> None:
    crm = "source: crm\nformat: cvs\nfiles: data/*.csv\nkey: no\nrecords:\n  - customer: {nam: name}\n"
    workspace = small_workspace({"sources/crm.yaml": crm, "sources/other.yaml": "source: other\n"})
    with pytest.raises(RefusedError) as caught:
        read_sources(workspace, ["crm", "tmss", "other"])
    assert checks(caught, workspace) == [
        ("sources:1:1", "unknown-source", "there is no source 'tmss'"),
        ("sources/crm.yaml:2:9", "unknown-format", "no loader reads 'cvs'"),
        ("sources/crm.yaml:6:16", "unknown-field", "a customer has no field 'nam'"),
        ("sources/other.yaml:1:1", "missing-key", "'format' is missing"),
        ("sources/other.yaml:1:1", "missing-key", "'files' is missing"),
        ("sources/other.yaml:1:1", "missing-key", "'records' is missing"),
    ]
    assert caught.value.problems[0].remedy == "did you mean 'tms'?"


def test_two_sources_of_one_name_are_refused(small_workspace: Make, workspace_files: dict[str, str]) -> None:
    workspace = small_workspace({"sources/zz.yaml": workspace_files["sources/crm.yaml"]})
    with pytest.raises(RefusedError) as caught:
        read_sources(workspace)
    said = f"source 'crm' is also in {workspace.sources_folder / 'crm.yaml'}"
    assert checks(caught, workspace) == [("sources/zz.yaml:1:1", "duplicate-source", said)]


def test_a_workspace_without_sources_says_where_they_belong(small_workspace: Make) -> None:
    workspace = small_workspace({"sources/crm.yaml": None, "sources/tms.yaml": None})
    with pytest.raises(RefusedError) as caught:
        read_sources(workspace)
    (problem,) = caught.value.problems
    assert (problem.check, problem.remedy) == ("no-sources", "add sources/NAME.yaml")


def test_every_pattern_without_a_file_is_told_and_nothing_written(
    small_workspace: Make, database: Engine, content: Content
) -> None:
    before = content(database)
    workspace = small_workspace({"data/crm.csv": None, "data/tms/a.csv": None})
    with pytest.raises(RefusedError) as caught:
        load(workspace, database, [], clock=clock, progress=quiet)
    assert checks(caught, workspace) == [
        ("sources/crm.yaml:1:1", "no-files", "no file matches 'data/crm.csv'"),
        ("sources/tms.yaml:1:1", "no-files", "no file matches 'data/tms/*.csv'"),
    ]
    assert content(database) == before


def test_a_file_that_cannot_be_read_undoes_the_whole_load(
    small_workspace: Make, database: Engine, content: Content
) -> None:
    load(small_workspace(), database, ["crm"], clock=clock, progress=quiet)
    before = content(database)
    renamed = "number,name,phone\nC4,Delta,\n"
    workspace = small_workspace({"data/crm.csv": "no,name,phone\nC1,New,\n", "data/tms/b.csv": renamed})
    with pytest.raises(RefusedError) as caught:
        load(workspace, database, [], clock=clock, progress=quiet)
    assert {problem.check for problem in caught.value.problems} == {"missing-column"}
    assert content(database) == before


DATED = {
    "sources/crm.yaml": (
        "source: crm\nformat: csv\nfiles: data/crm_*.csv\nexported: crm_%Y%m%d.csv\nkey: no\n"
        "records:\n  - customer: {name: name, city: city}\n"
    ),
    "sources/tms.yaml": (
        "source: tms\nformat: csv\nfiles: data/tms/*.csv\nkey: no\nexported: a_%Y%m%d.csv\n"
        "records:\n  - customer: {city: city, same_as: {system: crm, key: no}}\n"
    ),
    "rules/identity.yaml": (
        "identity: customers\nkeys: [{key: tax_code, same: tax_code, name: any}]\ngolden: {city: {take: most_recent}}\n"
        "examples:\n  - {records: [{name: a}, {name: a}], expect: different}\n"
    ),
}


@pytest.mark.parametrize(
    ("_case", "loads", "expected"),
    [
        ("in their order", ["crm_20260301", "crm_20260302"], ("b", "深圳")),
        ("the older one later", ["crm_20260302", "crm_20260301"], ("b", "深圳")),
        ("at once", ["crm_20260301 crm_20260302"], ("b", "深圳")),
        ("one as before, then one in between", ["crm_20260228", "crm_20260304", "crm_20260302"], ("a", "上海")),
        ("a correction of the same day", ["crm_20260302", "crm_20260302b"], ("c", "广州")),
        ("another system's later one", ["crm_20260301 a_20260302"], ("a", "昆明")),
        ("and then as it was, but later", ["crm_20260301 a_20260302", "crm_20260304"], ("a", "上海")),
    ],
)
def test_an_older_export_puts_no_older_values_back(
    _case: str, loads: list[str], expected: tuple[str, str], small_workspace: Make, database: Engine
) -> None:
    rows = {"0228": "a,上海", "0301": "a,上海", "0304": "a,上海", "0302": "b,深圳", "0302b": "c,广州"}
    for exports in loads:
        workspace = small_workspace(dict(DATED))
        for old in [*workspace.root.glob("data/*.csv"), *workspace.root.glob("data/tms/*.csv")]:
            old.unlink()
        for name in exports.split():
            if name.startswith("crm"):
                text = f"no,name,city\nC1,{rows[name.removeprefix('crm_2026')]}\n"
                (workspace.root / "data" / f"{name.removesuffix('b')}.csv").write_text(text, encoding="utf-8")
            else:
                (workspace.root / "data/tms" / f"{name}.csv").write_text("no,city\nC1,昆明\n", encoding="utf-8")
        names = ["crm", "tms"] if "a_" in exports else ["crm"]
        load(workspace, database, names, clock=clock, progress=quiet)
    with database.connect() as connection:
        assert tuple(connection.execute(select(customers.c.name, customers.c.city)).one()) == expected


def test_a_file_whose_name_tells_no_date_is_refused(small_workspace: Make, database: Engine) -> None:
    workspace = small_workspace(DATED | {"data/crm_new.csv": "no,name,city\n", "data/tms/a.csv": "no,city\n"})
    with pytest.raises(RefusedError) as refused:
        load(workspace, database, ["crm"], clock=clock, progress=quiet)
    said = "the name 'crm_new.csv' does not tell its date as 'crm_%Y%m%d.csv' does"
    assert checks(refused, workspace) == [("sources/crm.yaml:1:1", "no-export-date", said)]
