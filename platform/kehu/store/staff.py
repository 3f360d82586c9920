"""Employees and their departments, by employee number."""

import polars as pl
from sqlalchemy import Connection, select

from kehu.store.bulk import insert_frame, next_id, read_frame, update_frame
from kehu.tables.facts import departments, employees


def write_employees(connection: Connection, rows: pl.DataFrame) -> None:
    """New and changed employee records into the staff list; unknown departments are founded.

    An employee without the word for it is active.
    """
    named = rows.with_columns(pl.col("active").fill_null(value=True), pl.col("key").alias("number"))
    numbered = _with_departments(connection, named.unique("number", keep="last", maintain_order=True))
    known = read_frame(connection, select(employees.c.number, employees.c.id.label("known_id")))
    joined = numbered.drop("id").join(known, on="number", how="left")
    columns = ["number", "name", "title", "seniority", "department_id", "active", "phone", "email"]
    fresh = joined.filter(pl.col("known_id").is_null()).select(columns)
    first = next_id(connection, employees)
    insert_frame(connection, employees, fresh.with_row_index("id", offset=first).cast({"id": pl.Int64}))
    renewed = joined.filter(pl.col("known_id").is_not_null()).select(pl.col("known_id").alias("id"), *columns)
    update_frame(connection, employees, renewed.drop("number"))


def _with_departments(connection: Connection, rows: pl.DataFrame) -> pl.DataFrame:
    known = read_frame(connection, select(departments.c.name, departments.c.id))
    names = rows.select(pl.col("department").alias("name")).drop_nulls().unique(maintain_order=True)
    fresh = names.join(known, on="name", how="anti").with_row_index("id", offset=next_id(connection, departments))
    founded = fresh.cast({"id": pl.Int64}).select("id", "name")
    insert_frame(connection, departments, founded)
    both = pl.concat([known.select("name", "id"), founded.select("name", "id")])
    return rows.join(
        both.rename({"name": "department", "id": "department_id"}), on="department", how="left", maintain_order="left"
    )
