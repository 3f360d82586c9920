"""What the newest published run counted of each customer, for the features that the rules mark as served."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from kehu.model.feature_types import Kind, Label
from kehu.model.served import SLOTS
from kehu.tables.columns import from_micros
from kehu.tables.features import customer_features, served_features
from kehu.tables.runs import runs

Value = int | Decimal | bool | float | str | datetime | None


@dataclass(frozen=True, slots=True)
class ServedFeature:
    """A feature whose values are kept, by what people meet it by; `place` is where it is declared.

    Of `slot`, `scale` and `base` see `kehu.tables.features`; all values are as of `as_of`.
    """

    code: str
    slot: str
    kind: Kind
    scale: int
    base: int | None
    unit: str
    label: Label
    meaning: str
    place: str
    as_of: datetime

    @property
    def is_sorted(self) -> bool:
        """Whether lists can be ordered by it."""
        return self.slot in SLOTS["sorted"]

    def value(self, stored: float | str | None) -> Value:
        """What is stored, as what it says; None is unknown."""
        if stored is None or self.kind in {"float", "string"}:
            return stored
        whole = int(stored) if self.base is None else self.base - int(stored)
        match self.kind:
            case "decimal":
                return Decimal(whole).scaleb(-self.scale)
            case "boolean":
                return bool(whole)
            case "instant":
                return from_micros(whole)
            case _:
                return whole


def all_served(connection: Connection) -> dict[str, ServedFeature]:
    """Every served feature by code, in their order; none before the first run that keeps values."""
    query = select(served_features, runs.c.as_of).join(runs, runs.c.id == served_features.c.run_id)
    found = connection.execute(query.order_by(served_features.c.code)).mappings()
    names = ("code", "slot", "kind", "scale", "base", "unit", "meaning", "place", "as_of")
    return {
        row["code"]: ServedFeature(**{name: row[name] for name in names}, label=Label(**row["label"])) for row in found
    }


def values_of(
    connection: Connection, customer_ids: Collection[int], features: Sequence[ServedFeature]
) -> dict[int, tuple[Value, ...]]:
    """Each customer's value of each feature, in their order; customers that no run has counted yet are absent."""
    columns = [customer_features.c[each.slot] for each in features]
    whose = customer_features.c.customer_id
    rows = connection.execute(select(whose, *columns).where(whose.in_(customer_ids)))
    return {row[0]: tuple(each.value(stored) for each, stored in zip(features, row[1:], strict=True)) for row in rows}
