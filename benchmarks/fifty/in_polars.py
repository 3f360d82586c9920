"""The fifty rules written by hand in Polars, amounts in cents: one boolean column each, never null."""

from datetime import datetime, timedelta

import polars as pl

_MONEY, _SHIPS = pl.col("revenue_365d"), pl.col("shipments_365d")


def matches(now: datetime) -> dict[str, pl.Expr]:
    """By "rule set/code"."""
    return {**_standing(now), **_credit(), **_desk(), **_marks(now), **_churn(now), **_service()}


def _standing(now: datetime) -> dict[str, pl.Expr]:
    last, nps = pl.col("last_shipment_at"), pl.col("nps")
    quarter, complaints = pl.col("shipments_90d"), pl.col("complaints_90d")
    return {
        "service_tier/vip": (_MONEY >= 500_000_00) | ((quarter >= 600) & (complaints < 3)),
        "service_tier/professional": (_MONEY >= 60_000_00)
        | ((pl.col("revenue_90d") * 4 >= 60_000_00) & (quarter >= 12)),
        "size_class/large": (_SHIPS > 0) & (_MONEY >= 1_000_000_00),
        "size_class/medium": (_SHIPS > 0) & (_MONEY >= 100_000_00),
        "size_class/small": _SHIPS > 0,
        "lifecycle/active": (pl.col("days_since_last_shipment") <= 90).fill_null(value=False),
        "lifecycle/lapsing": (_SHIPS > 0) & (last < now - timedelta(days=90)).fill_null(value=False),
        "lifecycle/lost": last.is_not_null(),
        "lifecycle/prospective": (pl.col("visits_total") > 0) | (pl.col("contacts") > 0),
        "order_amount/platinum": _MONEY >= 1_000_000_00,
        "order_amount/gold": _MONEY >= 300_000_00,
        "order_amount/silver": _MONEY >= 60_000_00,
        "order_amount/bronze": _MONEY >= 10_000_00,
        "order_amount/basic": _MONEY > 0,
        "recommendation/promoter": (nps >= 9).fill_null(value=False),
        "recommendation/passive": nps.is_in([7, 8]).fill_null(value=False),
        "recommendation/detractor": nps.is_not_null(),
    }


def _credit() -> dict[str, pl.Expr]:
    limit, overdue = pl.col("credit_limit").fill_null(0), pl.col("overdue_amount")
    return {
        "credit/blocked": pl.col("credit_hold") | (overdue > limit),
        "credit/watch": (overdue >= 1_000_00) & (overdue * 10 > pl.col("revenue_90d")),
        "credit/trusted": (limit >= 50_000_00) & (overdue == 0) & (3 * limit <= _MONEY),
    }


def _desk() -> dict[str, pl.Expr]:
    region = pl.col("region")
    other_trade = (pl.col("industry") != "电商").fill_null(value=True)
    return {
        "desk/delta": region.is_in(["上海", "江苏", "浙江"]).fill_null(value=False),
        "desk/south": region.is_in(["广东", "广西", "海南"]).fill_null(value=False) & other_trade,
        "desk/unknown": region.is_null() | (region == "").fill_null(value=False),
    }


def _marks(now: datetime) -> dict[str, pl.Expr]:
    email, tax_code = pl.col("email"), pl.col("tax_code")
    first, last, before = pl.col("first_shipment_at"), pl.col("last_shipment_at"), pl.col("revenue_prev_365d")
    well_formed = email.str.contains(r"^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+$")
    return {
        "marks/vip_company": (pl.col("kind") == "company") & (_MONEY >= 200_000_00),
        "marks/project": pl.col("is_project") | (pl.col("kind") == "project"),
        "marks/email_bad": email.is_not_null() & ~well_formed.fill_null(value=True),
        "marks/email_corporate": email.str.contains(r"@[a-z0-9-]+\.(com\.cn|cn)$").fill_null(value=False),
        "marks/mobile": pl.col("phone").str.contains(r"^1[3-9][0-9]{9}$").fill_null(value=False),
        "marks/taxed": ((tax_code.str.len_chars() == 18) & tax_code.str.starts_with("91")).fill_null(value=False),
        "marks/cross_border": (pl.col("cross_border_share") > 0.25).fill_null(value=False),
        "marks/one_lane": (pl.col("lanes_365d") == 1) & (_SHIPS >= 12),
        "marks/newcomer": pl.col("created_at") > now - timedelta(days=30),
        "marks/anniversary": (_SHIPS > 0) & (first.dt.month() == now.month).fill_null(value=True),
        "marks/night_shipper": (last.dt.hour() >= 20).fill_null(value=False),
        "marks/profitable": (_MONEY > 0) & ((_MONEY - pl.col("cost_365d")) / _MONEY >= 0.2),
        "marks/growing": (before > 0) & (_MONEY / before > 1.3),
    }


def _churn(now: datetime) -> dict[str, pl.Expr]:
    quarter, earlier, late = pl.col("shipments_90d"), pl.col("shipments_prev_90d"), pl.col("late_90d")
    days, before = pl.col("days_since_last_shipment"), pl.col("revenue_prev_365d")
    ends, complaints = pl.col("contract_until"), pl.col("complaints_90d")
    met, year_before = pl.col("last_visit_at").fill_null(pl.col("created_at")), pl.col("shipments_prev_365d")
    silent = (_SHIPS >= 6) & (days > pl.col("gap_p90_days").fill_null(9999)) & (days >= 14)
    return {
        "churn_warning/volume_collapse": (earlier >= 10) & (quarter * 10 <= 3 * earlier),
        "churn_warning/silent": silent.fill_null(value=False),
        "churn_warning/late_deliveries": (late >= 3) & (pl.col("on_time_rate_90d") < 0.95).fill_null(value=False),
        "churn_warning/late_share": (quarter > 0) & (late / quarter > 0.1),
        "churn_warning/complaints_rising": (complaints >= 2) & (complaints > pl.col("complaints_prev_90d")),
        "churn_warning/revenue_falling": (before >= 10_000_00) & (9 * before > _MONEY * 10),
        "churn_warning/dissatisfied": (pl.col("satisfaction_365d") < 3).fill_null(value=False),
        "churn_warning/contract_ending": ((ends > now) & (ends < now + timedelta(days=60))).fill_null(value=False),
        "churn_warning/unvisited": (_MONEY >= 60_000_00) & (met <= now - timedelta(days=91)),
        "churn_warning/shrinking": (pl.col("services_365d") <= 1) & (year_before >= 24) & (year_before > _SHIPS * 2),
    }


def _service() -> dict[str, pl.Expr]:
    claims, nps = pl.col("claims_365d"), pl.col("nps")
    unhappy = (nps <= 6).fill_null(value=False) | (pl.col("satisfaction_365d") < 3.5).fill_null(value=False)
    weighty = pl.when(pl.col("kind") == "company").then(_MONEY >= 60_000_00).otherwise(pl.col("complaints_90d") > 1)
    return {
        "service_warning/claims": (claims >= 3) | ((_SHIPS > 0) & (claims / _SHIPS >= 0.05)),
        "service_warning/claim_cost": (_MONEY != 0) & (pl.col("claim_amount_365d") / _MONEY > 0.02),
        "service_warning/complaint_open": (pl.col("open_complaints") > 0) & weighty,
        "service_warning/unhappy_vip": (_MONEY >= 500_000_00) & unhappy & ~pl.col("is_project"),
    }
