"""A small workspace: two sources, one feature file, two rule sets."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, select

from kehu.tables.schema import metadata
from kehu.workspace.workspace import Workspace

CRM = """
source: crm
format: csv
files: data/crm.csv
key: no
records:
  - customer: {name: name, phone: phone}
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
      accepted_at: {column: at, date: "%Y-%m-%d"}
      revenue: {column: amount, unit: yuan}
"""
SHIPMENTS = """
shipments_30d:
  count: shipments
  over: 30 days
  unit: shipments
  label: {en: Shipments in 30 days, zh: 近30天票数}
  meaning: shipments paid for in the last 30 days
"""
SIZE = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
description: How much does it ship?
levels:
  - level: busy
    label: {en: Busy, zh: 忙}
    when: shipments_30d >= 2
  - level: calm
    label: {en: Calm, zh: 闲}
    otherwise: true
examples:
  - {given: {shipments_30d: 2}, expect: busy}
  - {given: {shipments_30d: 1}, expect: calm}
"""
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
description: Is it leaving?
warnings:
  - warning: quiet
    label: {en: Quiet, zh: 沉默}
    when: shipments_30d == 0
    severity: high
    route: [sales]
    reason: "{shipments_30d} shipments"
examples:
  - {given: {shipments_30d: 0}, expect: quiet}
  - {given: {shipments_30d: 1}, expect: []}
"""
FILES = {
    "sources/crm.yaml": CRM,
    "sources/tms.yaml": TMS,
    "rules/features/shipments.yaml": SHIPMENTS,
    "rules/signs.yaml": SIGNS,
    "rules/size.yaml": SIZE,
    "data/crm.csv": "no,name,phone\nC1,Alpha Ltd,13800138001\nC2,Beta Ltd,13800138002\nC3,Gamma Ltd,\n",
    "data/tms/a.csv": "no,payer,at,amount\nW1,C1,2026-01-10,10.50\nW2,C1,2026-01-20,8\nW3,C2,2026-02-20,7\n",
}


@pytest.fixture
def workspace_files() -> dict[str, str | None]:
    """The files of the small workspace by path."""
    return dict(FILES)


@pytest.fixture
def small_workspace(
    make_workspace: Callable[..., Workspace], database_url: str, workspace_files: dict[str, str | None]
) -> Callable[..., Workspace]:
    """The small workspace, some of its files replaced or (None) left out, on a database of each kind."""

    def make(changed: Mapping[str, str | None] | None = None, settings: str = "") -> Workspace:
        files = workspace_files | dict(changed or {})
        written = {path: text for path, text in files.items() if text is not None}
        return make_workspace(written, f'rules = "own"\n{settings}', database_url)

    return make


@pytest.fixture(scope="session")
def kept() -> dict[str, tuple[Path, str]]:
    """Folders, and names of databases on the server, by what was done to them."""
    return {}


@pytest.fixture
def small_workspace_after(
    small_workspace: Callable[..., Workspace],
    database: Engine,
    kept: dict[str, tuple[Path, str]],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Callable[..., Workspace]:
    """The small workspace with the database as some work leaves it.

    The work is done once on each kind of database, and from then on copied.
    """

    def make(
        work: Callable[[Workspace, Engine], object], changed: Mapping[str, str | None] | None = None, settings: str = ""
    ) -> Workspace:
        made, url = small_workspace(changed, settings), make_url(database.url)
        key = repr((url.get_backend_name(), work.__module__, work.__qualname__, changed, settings))
        if is_first := key not in kept:
            work(made, database)
            folder = request.getfixturevalue("tmp_path_factory").mktemp("kept")
            kept[key] = (folder, f"kept{len(kept)}")
        database.dispose()
        folder, name = kept[key]
        source, target = (tmp_path, folder) if is_first else (folder, tmp_path)
        # It names the database.
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("kehu.toml"), dirs_exist_ok=True)
        if url.get_backend_name() != "sqlite":
            names = (name, url.database) if is_first else (url.database, name)
            request.getfixturevalue("replace_postgres")(*names)
        return made

    return make


@pytest.fixture
def content() -> Callable[[Engine], dict[str, list[tuple[object, ...]]]]:
    """Every row of every table, ordered."""

    def read(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
        with engine.connect() as connection:
            return {
                table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
                for table in metadata.sorted_tables
            }

    return read
