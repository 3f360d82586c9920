"""Whole runs on Spark: what is published is what a run by Polars publishes, day after day; failures publish nothing."""

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from kehu.model.problems import RefusedError
from kehu.pipeline.facts import Present, mirror_folder
from kehu.pipeline.loading import load
from kehu.pipeline.resegmenting import resegment
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.spark.engine import open_engine
from kehu.store.database import open_database, upgrade
from kehu.tables.runs import runs
from kehu.tables.schema import metadata
from kehu.workspace.settings import Settings
from kehu.workspace.workspace import Workspace, open_workspace

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
CRM = """
source: crm
format: csv
files: data/crm.csv
key: no
records:
  - customer: {name: name, phone: phone, region: region}
"""
TMS = """
source: tms
format: csv
files: [data/tms/*.csv]
timezone: UTC
key: no
records:
  - shipment:
      number: no
      payer: {system: crm, key: payer}
      consignee: {system: crm, key: to}
      service: service
      accepted_at: {column: at, date: "%Y-%m-%d"}
      revenue: {column: amount, unit: yuan}
"""
ASKING = """
ruleset: care
kind: tier
label: {en: Care, zh: 关怀}
description: Who is called first?
levels:
  - level: first
    label: {en: First, zh: 首先}
    when: busy == "often" and revenue_total > 300
    keep_while: busy != "never"
    grace: 20 days
  - level: second
    label: {en: Second, zh: 其次}
    otherwise: true
examples:
  - {given: {busy: often, revenue_total: 301}, expect: first}
  - {given: {busy: often, revenue_total: 300}, expect: second}
"""
BUSY = """
ruleset: busy
kind: tier
label: {en: Busy, zh: 忙}
description: How much does it ship?
levels:
  - level: often
    label: {en: Often, zh: 常}
    when: shipments_30d >= 3 and average_revenue_365d != null
    keep_while: shipments_30d >= 1
    minimum_stay: 40 days
  - level: never
    label: {en: Never, zh: 无}
    when: shipments_30d == 0
  - level: sometimes
    label: {en: Sometimes, zh: 偶}
    otherwise: true
examples:
  - {given: {shipments_30d: 3, average_revenue_365d: 1}, expect: often}
  - {given: {shipments_30d: 2}, expect: sometimes}
  - {given: {shipments_30d: 0}, expect: never}
  - {given: {shipments_30d: 1}, expect: sometimes}
"""
LOUD = """
ruleset: loud
kind: flag
label: {en: Loud, zh: 大}
description: Is its service loud?
levels:
  - level: yes
    label: {en: Yes, zh: 是}
    when: (last_service ?? '').as_upper == 'A'
examples:
  - {given: {last_service: a}, expect: [yes]}
  - {given: {last_service: b}, expect: []}
"""
FILES = {"sources/crm.yaml": CRM, "sources/tms.yaml": TMS, "rules/care.yaml": ASKING, "rules/busy.yaml": BUSY}


def waybills(seed: int, numbers: Sequence[int]) -> str:
    """A line for each number; the same number again is a correction."""
    dice = random.Random(seed)
    lines = ["no,payer,to,service,at,amount"]
    for number in numbers:
        at = START + timedelta(days=dice.randrange(120))
        parties = f"C{dice.randrange(40)},C{dice.randrange(40)}"
        lines.append(f"W{number},{parties},{dice.choice('ab')},{at:%Y-%m-%d},{dice.randrange(-20, 90)}.50")
    return "\n".join(lines) + "\n"


def write_workspace(root: Path, settings: str, more: dict[str, str] | None = None) -> Workspace:
    crm = "".join(f"C{each},Firm {each},1380013{each:04},East\n" for each in range(40))
    files = {
        **FILES,
        "kehu.toml": f'guard_max_change = "off"\n{settings}',
        "data/crm.csv": f"no,name,phone,region\n{crm}",
        "data/tms/a.csv": waybills(1, range(300)),
        **(more or {}),
    }
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    return open_workspace(root, {})


@contextmanager
def loaded(workspace: Workspace) -> Iterator[Engine]:
    engine = open_database(workspace.settings.database_url)
    upgrade(engine)
    take(workspace, engine)
    yield engine
    engine.dispose()


def take(workspace: Workspace, engine: Engine) -> None:
    load(workspace, engine, [], clock=lambda: NOW, progress=lambda _what, _rows: None)


def run(workspace: Workspace, engine: Engine, days: int) -> None:
    as_of = START + timedelta(days=days)
    resegment(workspace, engine, as_of, clock=lambda: NOW, progress=lambda _what, _rows: None)


def content(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, without what computed a run and how, where its rule files lie, and what is drawn."""
    found = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            columns = [
                column for column in table.columns if column.name not in {"engine", "stages", "counts", "path", "token"}
            ]
            found[table.name] = sorted((tuple(row) for row in connection.execute(select(*columns))), key=repr)
    return found


def test_runs_publish_what_polars_does(spark_url: str, tmp_path: Path) -> None:
    ours = write_workspace(tmp_path / "polars", "")
    theirs = write_workspace(tmp_path / "spark", f'engine = "spark"\nspark_url = "{spark_url}"\n')
    with loaded(ours) as one, loaded(theirs) as other:
        for days in (40, 75):
            run(ours, one, days)
            run(theirs, other, days)
        assert content(one) == content(other)
        for workspace, engine in ((ours, one), (theirs, other)):
            (workspace.root / "data/tms/b.csv").write_text(waybills(2, [*range(5), *range(300, 320)]))
            take(workspace, engine)
            run(workspace, engine, 110)
        assert content(one) == content(other)
        with other.connect() as connection:
            assert connection.execute(select(runs.c.engine).order_by(runs.c.id)).scalars().all() == ["spark"] * 3


def test_a_workspace_without_customers_is_published(spark_url: str, tmp_path: Path) -> None:
    nothing = {"data/crm.csv": "no,name,phone,region\n", "data/tms/a.csv": waybills(1, [])}
    workspace = write_workspace(tmp_path, f'engine = "spark"\nspark_url = "{spark_url}"\n', nothing)
    with loaded(workspace) as engine:
        run(workspace, engine, 40)
        assert states(engine) == ["published"]


Published = tuple[Workspace, Engine]


@pytest.fixture(scope="module")
def published(spark_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """A workspace for Spark whose first run Polars has published."""
    workspace = write_workspace(tmp_path_factory.mktemp("published"), f'engine = "spark"\nspark_url = "{spark_url}"\n')
    with loaded(workspace) as engine:
        run(replace(workspace, settings=replace(workspace.settings, engine="polars")), engine, 40)
        yield workspace, engine


def states(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(select(runs.c.state).order_by(runs.c.id)).scalars())


Change = Callable[[Settings], Settings]


@pytest.mark.parametrize(
    ("_case", "change", "said"),
    [
        (
            "no address",
            lambda given: replace(given, spark_url=""),
            r"^spark_url:1:1: .*no Spark is named .set spark_url",
        ),
        (
            "nobody there",
            lambda given: replace(given, spark_url="sc://127.0.0.1:9/;token=secret"),
            r"no Spark Connect server answers at 'sc://127.0.0.1:9': Connection refused \(start one, or mend",
        ),
        (
            "a folder that cannot be made",
            lambda given: replace(given, spark_folder="/dev/null/kehu"),
            r"^spark_folder:1:1: .*files for Spark cannot be laid in '/dev/null/kehu': .*\(mend the folder",
        ),
    ],
)
def test_a_spark_that_cannot_be_used_leaves_the_last_run_published(
    published: Published, _case: str, change: Change, said: str
) -> None:
    workspace, engine = published
    before = content(engine)
    with pytest.raises(RefusedError, match=said):
        run(replace(workspace, settings=change(workspace.settings)), engine, 75)
    after = content(engine)
    assert [name for name in before if name != "runs" and before[name] != after[name]] == []
    assert set(states(engine)) <= {"published", "failed"}


def test_a_spark_that_fails_midway_is_told_in_a_sentence(published: Published, tmp_path: Path) -> None:
    workspace, engine = published
    catalogue, book, _ = read_rule_directory(workspace)
    state = Present(engine, mirror_folder(engine, workspace.root), lambda _what, _rows: None).state([catalogue])
    assert state is not None
    spark = open_engine(workspace.settings.spark_url, str(tmp_path))

    def lose_what_was_counted() -> None:
        with spark.opened(catalogue, book, START + timedelta(days=75)) as opened:
            features = opened.features(*state)
            shutil.rmtree(next(tmp_path.glob("run-*/counted")))
            opened.answers(features.select("customer"), book.rulesets)

    with pytest.raises(RefusedError, match=r"^sc://[^ /]+: error.spark.: Spark failed: [^\n]+ .see the log"):
        lose_what_was_counted()
    assert list(tmp_path.glob("run-*")) == []


def test_what_spark_lacks_is_refused_before_spark_is_asked(published: Published) -> None:
    workspace, engine = published
    file = workspace.root / "rules" / "loud.yaml"
    file.write_text(LOUD, encoding="utf-8")
    nowhere = replace(workspace.settings, spark_url="sc://127.0.0.1:9")
    try:
        with pytest.raises(RefusedError) as refused:
            run(replace(workspace, settings=nowhere), engine, 75)
    finally:
        file.unlink()
    said = f"{file}:1:1: error[unsupported]: 'yes': '.as_upper' cannot be computed exactly on Spark"
    assert [str(problem).partition(" (")[0] for problem in refused.value.problems] == [said]
