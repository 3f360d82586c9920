"""The database's schema brought to the newest revision, and compared with the tables."""

from pathlib import Path
from typing import Any
from warnings import catch_warnings, filterwarnings

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from kehu.model.problems import Place, Problem, RefusedError
from kehu.store.bulk import lock_for_writing
from kehu.store.database import current_revision, newest_revision
from kehu.tables import migrations
from kehu.tables.schema import metadata

# Reflection tells no collation of an index's column, so that these would seem to differ.
_COLLATED = {"ix_customers_name_bytes"}


def migrate(engine: Engine) -> None:
    """As `upgrade` says, of which this is the part that is hardly ever due."""
    with engine.execution_options(writes=True).begin() as connection:
        lock_for_writing(connection)
        revision = current_revision(connection)
        if revision == newest_revision():
            return
        _check_revision(engine, revision)
        command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection | None) -> Config:
    """Where the migrations lie, and the connection they go over."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def schema_differences(connection: Connection) -> list[Any]:
    """What alembic would still change: empty when migrations and tables agree."""
    dialect = connection.dialect.name

    def is_made(item: Any, name: str | None, *_: object) -> bool:
        return name not in _COLLATED and bool(item.info.get("dialect", dialect) == dialect)

    options = {"compare_type": True, "include_object": is_made}
    with catch_warnings():
        # It says so even of indexes that SQLite shall not have.
        filterwarnings("ignore", "autogenerate skipping")
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def _check_revision(engine: Engine, revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config(None)).walk_revisions()}
    if revision is not None and revision not in known:
        place = Place(engine.url.render_as_string(hide_password=True))
        message = f"the database is at revision '{revision}', unknown here"
        remedy = "it was made by a newer version: install that one"
        raise RefusedError([Problem(place, "schema-revision", message, remedy)])
