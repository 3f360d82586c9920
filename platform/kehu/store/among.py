"""Rows chosen by a column's values: few values go as parameters, many into a temporary table."""

from typing import Any

import polars as pl
from sqlalchemy import Column, ColumnElement, Connection, column, select, table

from kehu.store.bulk import stage

# To make a temporary table takes about as long as to look so many up.
_FEW = 250


def among(connection: Connection, chosen: Column[Any], values: pl.Series) -> ColumnElement[bool]:
    """Whether the column holds one of the values; it stands until another one asks of the same column."""
    if len(values) <= _FEW:
        return chosen.in_(values.to_list())
    name = f"staged_{chosen.table.name}_{chosen.name}"
    stage(connection, name, values.to_frame("value"))
    return chosen.in_(select(table(name, column("value", chosen.type)).c.value))
