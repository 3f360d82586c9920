"""The fifty rules in GoRules' ZEN language, amounts in yuan, instants as milliseconds, `now` beside the features."""

import json
from datetime import datetime
from typing import Any

import polars as pl
import zen

from fifty.features import SCHEMA

_DAY = 86_400_000
RULES = {
    "service_tier/vip": "revenue_365d >= 500000 or (shipments_90d >= 600 and complaints_90d < 3)",
    "service_tier/professional": "revenue_365d >= 60000 or (revenue_90d * 4 >= 60000 and shipments_90d >= 12)",
    "size_class/large": "shipments_365d > 0 and revenue_365d >= 1000000",
    "size_class/medium": "shipments_365d > 0 and revenue_365d >= 100000",
    "size_class/small": "shipments_365d > 0",
    "lifecycle/active": "(days_since_last_shipment ?? 9999) <= 90",
    "lifecycle/lapsing": f"shipments_365d > 0 and (last_shipment_at ?? now) < now - {90 * _DAY}",
    "lifecycle/lost": "last_shipment_at != null",
    "lifecycle/prospective": "visits_total > 0 or contacts > 0",
    "order_amount/platinum": "revenue_365d >= 1000000",
    "order_amount/gold": "revenue_365d >= 300000",
    "order_amount/silver": "revenue_365d >= 60000",
    "order_amount/bronze": "revenue_365d >= 10000",
    "order_amount/basic": "revenue_365d > 0",
    "recommendation/promoter": "(nps ?? -1) >= 9",
    "recommendation/passive": "(nps ?? -1) in [7, 8]",
    "recommendation/detractor": "nps != null",
    "credit/blocked": "credit_hold or overdue_amount > (credit_limit ?? 0)",
    "credit/watch": "overdue_amount >= 1000 and overdue_amount * 10 > revenue_90d",
    "credit/trusted": (
        "(credit_limit ?? 0) >= 50000 and overdue_amount == 0 and revenue_365d >= 3 * (credit_limit ?? 0)"
    ),
    "desk/delta": "(region ?? '') in ['上海', '江苏', '浙江']",
    "desk/south": "(region ?? '') in ['广东', '广西', '海南'] and (industry ?? '') != '电商'",
    "desk/unknown": "region == null or region == ''",
    "marks/vip_company": "kind == 'company' and revenue_365d >= 200000",
    "marks/project": "is_project or kind == 'project'",
    "marks/email_bad": (
        "email != null and not (matches(email ?? '', '^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+[.][a-zA-Z0-9.-]+$'))"
    ),
    "marks/email_corporate": "matches(email ?? '', '@[a-z0-9-]+[.](com[.]cn|cn)$')",
    "marks/mobile": "matches(phone ?? '', '^1[3-9][0-9]{9}$')",
    "marks/taxed": "len(tax_code ?? '') == 18 and startsWith(tax_code ?? '', '91')",
    "marks/cross_border": "(cross_border_share ?? 0) > 0.25",
    "marks/one_lane": "lanes_365d == 1 and shipments_365d >= 12",
    "marks/newcomer": f"created_at > now - {30 * _DAY}",
    "marks/anniversary": "shipments_365d > 0 and d(first_shipment_at ?? now).month() == d(now).month()",
    "marks/night_shipper": "last_shipment_at != null and d(last_shipment_at ?? now).hour() >= 20",
    "marks/profitable": "revenue_365d > 0 and (revenue_365d - cost_365d) / revenue_365d >= 0.2",
    "marks/growing": "revenue_prev_365d > 0 and revenue_365d / revenue_prev_365d > 1.3",
    "churn_warning/volume_collapse": "shipments_prev_90d >= 10 and shipments_90d <= 0.3 * shipments_prev_90d",
    "churn_warning/silent": (
        "shipments_365d >= 6 and (days_since_last_shipment ?? 0) > (gap_p90_days ?? 9999)"
        " and (days_since_last_shipment ?? 0) >= 14"
    ),
    "churn_warning/late_deliveries": "late_90d >= 3 and (on_time_rate_90d ?? 1) < 0.95",
    "churn_warning/late_share": "shipments_90d > 0 and late_90d / shipments_90d > 0.1",
    "churn_warning/complaints_rising": "complaints_90d >= 2 and complaints_90d > complaints_prev_90d",
    "churn_warning/revenue_falling": "revenue_prev_365d >= 10000 and revenue_365d < 0.9 * revenue_prev_365d",
    "churn_warning/dissatisfied": "(satisfaction_365d ?? 5) < 3",
    "churn_warning/contract_ending": (
        f"contract_until != null and (contract_until ?? now) > now and (contract_until ?? now) - now < {60 * _DAY}"
    ),
    "churn_warning/unvisited": f"revenue_365d >= 60000 and now - (last_visit_at ?? created_at) >= {91 * _DAY}",
    "churn_warning/shrinking": (
        "services_365d <= 1 and shipments_prev_365d >= 24 and shipments_365d * 2 < shipments_prev_365d"
    ),
    "service_warning/claims": "claims_365d >= 3 or (shipments_365d > 0 and claims_365d / shipments_365d >= 0.05)",
    # Without revenue the quotient is no number, and ZEN would stop: guarded.
    "service_warning/claim_cost": "revenue_365d != 0 and claim_amount_365d / revenue_365d > 0.02",
    "service_warning/complaint_open": (
        "open_complaints > 0 and (kind == 'company' ? revenue_365d >= 60000 : complaints_90d > 1)"
    ),
    "service_warning/unhappy_vip": (
        "revenue_365d >= 500000 and ((nps ?? 10) <= 6 or (satisfaction_365d ?? 5) < 3.5) and not is_project"
    ),
}


def contexts(features: pl.DataFrame, now: datetime) -> list[dict[str, object]]:
    """The rows as ZEN reads them."""
    shown = {
        name: pl.col(name) / 10**kind.scale if kind.kind == "decimal" else pl.col(name).dt.epoch("ms")
        for name, kind in SCHEMA.items()
        if kind.kind in {"decimal", "instant"}
    }
    return features.select(*SCHEMA).with_columns(**shown, now=pl.lit(now).dt.epoch("ms")).to_dicts()


def expression() -> Any:
    """All rules as one list, ZEN's fastest form."""
    return zen.compile_expression(f"[{', '.join(f'({rule})' for rule in RULES.values())}]")


def decision() -> zen.ZenDecision:
    """All rules in one expression node between input and output, as its documentation shows."""
    expressions = [{"id": key, "key": key, "value": rule} for key, rule in RULES.items()]
    graph = {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": {"x": 0, "y": 0}},
            {
                "id": "rules",
                "type": "expressionNode",
                "name": "rules",
                "position": {"x": 1, "y": 0},
                "content": {"expressions": expressions},
            },
            {"id": "out", "type": "outputNode", "name": "out", "position": {"x": 2, "y": 0}},
        ],
        "edges": [
            {"id": "a", "sourceId": "in", "targetId": "rules", "type": "edge"},
            {"id": "b", "sourceId": "rules", "targetId": "out", "type": "edge"},
        ],
    }
    return zen.ZenEngine().create_decision(json.dumps(graph))
