"""Values nobody expects: of a megabyte, and one phone under very many names."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select

from kehu.model.graph import LONGEST_NAME
from kehu.store.customers import ResolvedCounts
from kehu.store.load import FileCounts
from kehu.tables.facts import customers

LoadFiles = Callable[..., tuple[list[FileCounts], ResolvedCounts | None]]
MEGABYTE = "顺达" * 180_000
# No two letters alike, so that no database can keep it shorter than it is.
LONGEST = "".join(map(chr, range(0x4E00, 0x4E00 + LONGEST_NAME // 3)))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((field, MEGABYTE) for field in ("phone", "tax_code", "address", "city", "industry", "parent_code")),
        *((field, LONGEST) for field in ("key", "name", "email", "tax_code", "same_as_key", "parent_key")),
    ],
)
def test_a_value_of_any_length_that_loaders_let_pass_is_kept(
    field: str, value: str, database: Engine, load_files: LoadFiles
) -> None:
    row = {"key": "C1", "name": "a", "same_as_system": "crm", "parent_system": "crm", field: value}
    load_files(database, ("crm", {"customer": [row, {"key": "C2", "name": "b"}]}))
    with database.connect() as connection:
        found = connection.execute(select(customers.c.name, customers.c.tax_code).order_by(customers.c.name)).all()
    assert sorted(tuple(each) for each in found) == sorted([(value if field == "name" else "a", None), ("b", None)])
