"""The streams of events that features count: their columns, roles and derived columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from kehu.model.durations import DAY_MICROS
from kehu.model.feature_types import FeatureType
from kehu.model.graph import SATISFACTION_DIMENSIONS, SEVERITIES, SHIPMENT_STATUSES

_TEXT = FeatureType("string", nullable=True)
_WHOLE = FeatureType("integer", nullable=True)
_INSTANT = FeatureType("instant", nullable=True)
_TRUTH = FeatureType("boolean", nullable=True)
_REAL = FeatureType("float", nullable=True)
_MONEY = FeatureType("decimal", nullable=True, scale=2)
CODE = "code"


@dataclass(frozen=True, slots=True)
class Derived:
    """A column made of others: `needs` are the columns it reads.

    `ordered` says that it looks at the customer's event before. `code` is a whole number that differs where the value
    does and comes cheaper, null where unknown; of texts among `needs` it reads whole numbers, named `<text> code`.
    `span` is of a number of days the span of time that it says.
    """

    type: FeatureType
    needs: tuple[str, ...]
    value: pl.Expr
    meaning: str
    ordered: bool = False
    code: pl.Expr | None = None
    span: pl.Expr | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """A kind of event. `roles` maps each role to the column naming its customer; the first is the default.

    `at` is the instant that places an event in a window; `later` are those of what became of it, unknown until then.
    """

    name: str
    roles: Mapping[str, str]
    at: str
    columns: Mapping[str, FeatureType]
    derived: Mapping[str, Derived] = field(default_factory=dict)
    later: tuple[str, ...] = ()

    def types(self, money_digits: int) -> dict[str, FeatureType]:
        """Every column a declaration may name, with its type; amounts have `money_digits` decimals."""
        types = {**self.columns, **{name: column.type for name, column in self.derived.items()}}
        return {
            name: replace(kind, scale=money_digits) if kind.kind == "decimal" else kind for name, kind in types.items()
        }

    def stored(self, names: set[str]) -> set[str]:
        """The stored columns that `names` come from."""
        needed: set[str] = set()
        for name in names:
            needed |= set(self.derived[name].needs) if name in self.derived else {name}
        return needed


def _days(span: pl.Expr) -> pl.Expr:
    """A span of time in days; whole days are exact, and the rest is the same however many rows there are.

    Polars divides a column by a number in one way on few rows and in another on many.
    """
    micros = span.dt.total_microseconds()
    days = micros // DAY_MICROS
    return days.cast(pl.Float64) + (micros - days * DAY_MICROS).cast(pl.Float64) * (1 / DAY_MICROS)


def _days_between(later: str, earlier: str, meaning: str) -> Derived:
    span = pl.col(later) - pl.col(earlier)
    return Derived(_REAL, (later, earlier), _days(span), meaning, span=span)


_GAP = pl.when(pl.col("customer") == pl.col("customer").shift(1)).then(pl.col("at") - pl.col("at").shift(1))
_SATISFACTION = pl.mean_horizontal([pl.col(dimension) for dimension in SATISFACTION_DIMENSIONS])

STREAMS: dict[str, Stream] = {
    "shipments": Stream(
        name="shipments",
        roles={"payer": "payer_id", "shipper": "shipper_id", "consignee": "consignee_id"},
        at="at",
        later=("accepted_at", "delivered_at"),
        columns={
            "service": _TEXT,
            "origin": _TEXT,
            "destination": _TEXT,
            "accepted_at": _INSTANT,
            "promised_at": _INSTANT,
            "delivered_at": _INSTANT,
            "status": FeatureType("string", nullable=True, words=SHIPMENT_STATUSES),
            "pieces": _WHOLE,
            "weight_g": _WHOLE,
            "item_category": _TEXT,
            "revenue": _MONEY,
            "cost": _MONEY,
        },
        derived={
            "on_time": Derived(
                _TRUTH,
                ("delivered_at", "promised_at"),
                pl.col("delivered_at") <= pl.col("promised_at"),
                "delivered no later than promised; unknown while either instant is",
            ),
            "late": Derived(
                _TRUTH,
                ("delivered_at", "promised_at"),
                pl.col("delivered_at") > pl.col("promised_at"),
                "delivered after the promise; unknown while either instant is",
            ),
            "margin": Derived(
                _MONEY,
                ("revenue", "cost"),
                pl.col("revenue") - pl.col("cost"),
                "revenue minus cost; unknown while either is",
            ),
            "lane": Derived(
                _TEXT,
                ("origin", "destination"),
                pl.concat_str("origin", "destination", separator=" → "),
                "origin and destination together",
                code=pl.col(f"origin {CODE}").cast(pl.Int64()) * 2**32 + pl.col(f"destination {CODE}"),
            ),
            "transit_days": _days_between("delivered_at", "accepted_at", "days from pickup to delivery"),
            "day": Derived(
                _TEXT,
                ("at",),
                pl.col("at").dt.to_string("%Y-%m-%d"),
                "the day it counts on, in UTC",
                code=pl.col("at").dt.epoch("us") // DAY_MICROS,
            ),
            "gap_days": Derived(
                _REAL,
                ("at",),
                _days(_GAP),
                "days since the customer's shipment before; unknown for its first",
                ordered=True,
                span=_GAP,
            ),
        },
    ),
    "complaints": Stream(
        name="complaints",
        roles={"customer": "customer_id"},
        at="opened_at",
        later=("responded_at", "resolved_at"),
        columns={
            "category": _TEXT,
            "severity": FeatureType("string", nullable=True, words=SEVERITIES),
            "channel": _TEXT,
            "opened_at": _INSTANT,
            "responded_at": _INSTANT,
            "resolved_at": _INSTANT,
            "compensation": _MONEY,
            "outcome": _TEXT,
        },
        derived={
            "resolution_days": _days_between("resolved_at", "opened_at", "days from opening to resolution"),
        },
    ),
    "visits": Stream(
        name="visits",
        roles={"customer": "customer_id"},
        at="held_at",
        columns={
            "purpose": _TEXT,
            "channel": _TEXT,
            "held_at": _INSTANT,
            "outcome": _TEXT,
            **dict.fromkeys(SATISFACTION_DIMENSIONS, _WHOLE),
        },
        derived={
            "satisfaction": Derived(
                _REAL, SATISFACTION_DIMENSIONS, _SATISFACTION, "mean of the dimensions scored on that visit, 1 to 5"
            ),
        },
    ),
    "contacts": Stream(
        name="contacts",
        roles={"customer": "customer_id"},
        at="",
        columns={"title": _TEXT, "decision_role": _TEXT},
    ),
}

# What a feature may take from the customer itself.
ATTRIBUTES: dict[str, FeatureType] = {
    "kind": FeatureType("string", words=("company", "person", "project")),
    "industry": _TEXT,
    "country": _TEXT,
    "region": _TEXT,
    "city": _TEXT,
    "consent": _TRUTH,
}
