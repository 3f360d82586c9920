"""Features of made-up customers: heavy tails, habits, and values that are unknown as often as in a carrier's books."""

from datetime import UTC, datetime

import numpy as np
import polars as pl

from kehu.model.feature_types import FeatureType

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
REGIONS = ("上海", "江苏", "浙江", "广东", "广西", "海南", "福建", "山东", "四川", "")
INDUSTRIES = ("电商", "制造", "医药", "服装", "电子", "农产品")
KINDS = ("company", "person", "project")
HOSTS = ("sina.com", "163.com", "qq.com", "a-b.com.cn", "express.cn", "example.org")

_MONEY = [
    "revenue_90d",
    "revenue_prev_90d",
    "revenue_365d",
    "revenue_prev_365d",
    "cost_365d",
    "claim_amount_365d",
    "overdue_amount",
]
_COUNTS = [
    "shipments_90d",
    "shipments_prev_90d",
    "shipments_365d",
    "shipments_prev_365d",
    "late_90d",
    "claims_365d",
    "complaints_90d",
    "complaints_prev_90d",
    "open_complaints",
    "services_365d",
    "lanes_365d",
    "visits_total",
    "contacts",
]
_RATES = ["gap_p90_days", "on_time_rate_90d", "satisfaction_365d", "cross_border_share"]
_INSTANTS = ["first_shipment_at", "last_shipment_at", "last_visit_at", "contract_until"]

SCHEMA = {
    **dict.fromkeys(_MONEY, FeatureType("decimal", scale=2)),
    "credit_limit": FeatureType("decimal", nullable=True, scale=2),
    **dict.fromkeys(_COUNTS, FeatureType("integer")),
    **dict.fromkeys(("days_since_last_shipment", "nps"), FeatureType("integer", nullable=True)),
    **dict.fromkeys(_RATES, FeatureType("float", nullable=True)),
    **dict.fromkeys(("region", "industry", "email", "phone", "tax_code"), FeatureType("string", nullable=True)),
    "kind": FeatureType("string", words=KINDS),
    **dict.fromkeys(("is_project", "credit_hold"), FeatureType("boolean")),
    **dict.fromkeys(_INSTANTS, FeatureType("instant", nullable=True)),
    "created_at": FeatureType("instant"),
}


def made_up(customers: int) -> pl.DataFrame:
    """`customer` and every feature of SCHEMA, the same at every call."""
    dice = np.random.default_rng(3)
    frame = pl.DataFrame({"customer": np.arange(customers)}).with_columns(
        **_shipping(dice, customers), **_care(dice, customers), **_profile(dice, customers)
    )
    shipped = pl.col("days_since_last_shipment").is_not_null()
    unknown = {
        "last_shipment_at": pl.lit(AS_OF) - pl.duration(seconds=_draws(dice, customers, 86_400)) - _days("age"),
        "first_shipment_at": pl.lit(AS_OF) - _days("days_known"),
        "gap_p90_days": pl.col("gap_p90_days"),
    }
    return (
        frame.with_columns(age=pl.col("days_since_last_shipment").fill_null(0))
        .with_columns(**{name: pl.when(shipped).then(value) for name, value in unknown.items()})
        .with_columns(created_at=pl.lit(AS_OF) - _days("days_known") - pl.duration(hours=5))
        .select(
            pl.col("customer").cast(pl.Int64),
            *(pl.col(name).cast(pl.Datetime("us", "UTC")) for name in (*_INSTANTS, "created_at")),
            *(name for name in SCHEMA if name not in {*_INSTANTS, "created_at"}),
        )
    )


def _shipping(dice: np.random.Generator, customers: int) -> dict[str, pl.Series]:
    """A third ships every year; amounts follow from counts, late ones and claims too."""
    ships = dice.random(customers) < 0.6
    year = ships * np.ceil(dice.lognormal(2.5, 1.6, customers)).astype(np.int64)
    before = ships * (year * dice.lognormal(0, 0.5, customers)).astype(np.int64)
    quarter, earlier = dice.binomial(year, 0.27), dice.binomial(year, 0.25)
    late = dice.binomial(quarter, dice.beta(1, 15, customers))
    price = 10_000 * dice.lognormal(0, 1.0, customers)
    claims = dice.binomial(year, 0.01)
    return {
        "shipments_365d": _whole(year),
        "shipments_prev_365d": _whole(before),
        "shipments_90d": _whole(quarter),
        "shipments_prev_90d": _whole(earlier),
        "late_90d": _whole(late),
        "revenue_365d": _whole((year * price).clip(max=1e10)),
        "revenue_prev_365d": _whole((before * price).clip(max=1e10)),
        "revenue_90d": _whole((quarter * price).clip(max=1e10)),
        "revenue_prev_90d": _whole((earlier * price).clip(max=1e10)),
        "cost_365d": _whole((year * price * dice.normal(0.8, 0.15, customers)).clip(0, 1e10)),
        "claims_365d": _whole(claims),
        "claim_amount_365d": _whole(claims * dice.exponential(20_000, customers)),
        "services_365d": _whole(np.minimum(year, dice.integers(1, 6, customers))),
        "lanes_365d": _whole(np.minimum(year, dice.geometric(0.3, customers))),
        "on_time_rate_90d": _floats(np.round(1 - late / np.maximum(quarter, 1), 4), quarter > 0),
        "days_since_last_shipment": _whole(dice.exponential(300 / np.maximum(year, 1)).clip(max=1_500)).set(
            pl.Series(~ships), None
        ),
        "gap_p90_days": _floats(np.round(365 / np.maximum(year, 1) * dice.gamma(4, 0.5, customers), 1), year > 1),
        "cross_border_share": _floats(np.round(dice.beta(0.3, 2, customers), 3), year > 0),
        "days_known": _whole(dice.integers(1, 2_000, customers)),
    }


def _care(dice: np.random.Generator, customers: int) -> dict[str, pl.Series | pl.Expr]:
    """Complaints, visits and answers to surveys are rare; so are credit limits and contracts."""
    visits, asked = dice.poisson(0.6, customers), dice.random(customers) < 0.25
    limited, bound = dice.random(customers) < 0.3, dice.random(customers) < 0.2
    ends = _whole(dice.integers(-400, 700, customers)).set(pl.Series(~bound), None)
    seen = _whole(dice.integers(0, 500, customers)).set(pl.Series(visits == 0), None)
    return {
        "complaints_90d": _whole(dice.poisson(0.3, customers)),
        "complaints_prev_90d": _whole(dice.poisson(0.3, customers)),
        "open_complaints": _whole(dice.poisson(0.05, customers)),
        "visits_total": _whole(visits),
        "contacts": _whole(dice.poisson(0.8, customers)),
        "nps": _whole(dice.integers(0, 11, customers)).set(pl.Series(~asked), None),
        "satisfaction_365d": _floats(np.round(dice.normal(4, 0.8, customers).clip(1, 5), 2), asked),
        "credit_limit": _whole(dice.choice([1e6, 5e6, 2e7], customers)).set(pl.Series(~limited), None),
        "overdue_amount": _whole((dice.random(customers) < 0.1) * dice.exponential(300_000, customers)),
        "credit_hold": pl.Series(dice.random(customers) < 0.01),
        "contract_until": pl.lit(AS_OF) + pl.duration(days=ends),
        "last_visit_at": pl.lit(AS_OF) - pl.duration(days=seen),
    }


def _profile(dice: np.random.Generator, customers: int) -> dict[str, pl.Expr | pl.Series]:
    number = pl.col("customer").cast(pl.String)
    mobile = pl.lit("13") + number.str.zfill(9)
    landline = pl.lit("021-") + number.str.zfill(8)
    host = _words(dice, customers, HOSTS, 0)
    address = number.str.replace("^", "user.") + pl.lit("@") + host
    return {
        "region": _words(dice, customers, REGIONS, 0.1),
        "industry": _words(dice, customers, INDUSTRIES, 0.4),
        "kind": _words(dice, customers, KINDS, 0),
        "is_project": pl.Series(dice.random(customers) < 0.02),
        "phone": _sometimes(dice, customers, 0.8, pl.when(_half(dice, customers)).then(mobile).otherwise(landline)),
        "email": _sometimes(dice, customers, 0.7, pl.when(_rare(dice, customers)).then(number).otherwise(address)),
        "tax_code": _sometimes(dice, customers, 0.5, pl.lit("91310000MA1") + number.str.zfill(7)),
    }


def _whole(values: np.ndarray) -> pl.Series:
    return pl.Series(np.asarray(values).astype(np.int64))


def _floats(values: np.ndarray, known: np.ndarray) -> pl.Series:
    return pl.Series(values).set(pl.Series(~known), None)


def _words(dice: np.random.Generator, customers: int, words: tuple[str, ...], unknown: float) -> pl.Series:
    chosen = pl.Series(words).gather(dice.integers(0, len(words), customers))
    return chosen.set(pl.Series(dice.random(customers) < unknown), None)


def _sometimes(dice: np.random.Generator, customers: int, share: float, value: pl.Expr) -> pl.Expr:
    return pl.when(pl.Series(dice.random(customers) < share)).then(value)


def _half(dice: np.random.Generator, customers: int) -> pl.Series:
    return pl.Series(dice.random(customers) < 0.5)


def _rare(dice: np.random.Generator, customers: int) -> pl.Series:
    return pl.Series(dice.random(customers) < 0.03)


def _draws(dice: np.random.Generator, customers: int, most: int) -> pl.Series:
    return _whole(dice.integers(0, most, customers))


def _days(name: str) -> pl.Expr:
    return pl.duration(days=pl.col(name))
