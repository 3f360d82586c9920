"""What the runs of the small carrier decided: exact rows for the tables of runs."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table

from kehu.tables import runs
from kehu.tables.columns import micros
from kehu.tables.features import customer_features, served_features
from kehu.tables.identity import identity_decisions
from kehu.tables.overrides import overrides


def day(month: int, number: int, hour: int = 0) -> datetime:
    """An instant of 2026, UTC."""
    return datetime(2026, month, number, hour, tzinfo=UTC)


TIER_SPANS = {"vip": ("30 days", "2 hours"), "professional": ("60 days", "8 hours"), "ordinary": ("90 days", None)}


def tier(vip_when: str) -> dict[str, Any]:
    """The service tiers, whose VIP condition the second version changes."""
    labels = {"vip": ("VIP", "VIP客户"), "professional": ("Professional", "专业"), "ordinary": ("Ordinary", "普通")}
    whens = {"vip": vip_when, "professional": "revenue_365d >= 60000", "ordinary": None}
    levels = []
    for code, (visit_every, response) in TIER_SPANS.items():
        treatment = {"visit_every": visit_every, "discount": 0.1 if code == "vip" else 0}
        if response is not None:
            treatment["complaint_response"] = response
        label = {"en": labels[code][0], "zh": labels[code][1]}
        entry = {"code": code, "label": label, "when": whens[code], "otherwise": code == "ordinary"}
        levels.append({**entry, "treatment": treatment})
    return {
        "code": "service_tier",
        "kind": "tier",
        "label": {"en": "Service tier", "zh": "服务等级"},
        "description": "How well a customer is served.",
        "levels": levels,
        "features": {"revenue_365d": {"kind": "integer", "nullable": False, "scale": 0, "digits": 15, "words": []}},
        "warnings": [],
    }


LIFECYCLE = {
    "code": "lifecycle",
    "kind": "tier",
    "label": {"en": "Lifecycle", "zh": "生命周期"},
    "description": None,
    "levels": [
        {
            "code": code,
            "label": {"en": code.capitalize(), "zh": chinese},
            "when": None if code == "potential" else f"is_{code}",
            "otherwise": code == "potential",
            "treatment": {"complaint_response": "1 hour"} if code == "active" else {},
        }
        for code, chinese in (("active", "现实"), ("lost", "流失"), ("potential", "潜在"))
    ],
    "warnings": [],
}
CHURN = {
    "code": "churn_warning",
    "kind": "warning",
    "label": {"en": "Churn warning", "zh": "流失预警"},
    "description": None,
    "levels": [],
    "warnings": [
        {
            "code": code,
            "label": {"en": english, "zh": chinese},
            "when": "shipments_90d < 0.4 * shipments_prev_90d",
            "severity": severity,
            "route": route,
            "reason": "shipments fell from {shipments_prev_90d} to {shipments_90d}",
        }
        for code, english, chinese, severity, route in (
            ("volume_collapse", "Volume collapse", "货量骤降", "high", ["account_management", "customer_service"]),
            ("long_silence", "Long silence", "久未发货", "medium", ["account_management"]),
        )
    ],
}


def _runs() -> dict[Table, list[dict[str, Any]]]:
    states = ((1, day(1, 1), "published", None), (2, day(2, 1), "published", None), (3, day(3, 1), "failed", "no disk"))
    versions = (
        ("d1", "service_tier", "tier", tier("revenue_365d >= 400000")),
        ("d2", "service_tier", "tier", tier("revenue_365d >= 500000")),
        ("d3", "lifecycle", "tier", LIFECYCLE),
        ("d4", "churn_warning", "warning", CHURN),
    )
    used = ((1, "d1", 1), (1, "d3", 0), (2, "d2", 1), (2, "d3", 0), (2, "d4", 2))
    codes = {digest: code for digest, code, *_ in versions}
    members = {("service_tier", "vip"): 1, ("service_tier", "professional"): 1, ("service_tier", "ordinary"): 9}
    return {
        runs.runs: [
            {
                "id": number,
                "as_of": as_of,
                "state": state,
                "engine": "polars",
                "rule_digest": f"r{number}",
                "feature_digest": "f",
                "customers": 12,
                "started_at": as_of,
                "finished_at": as_of,
                "counts": {"service_tier": {"vip": 1}},
                "stages": None,
                "error": error,
            }
            for number, as_of, state, error in states
        ],
        runs.publication: [{"id": 1, "run_id": 2, "published_at": day(2, 1, 1)}],
        runs.rule_versions: [
            {
                "digest": digest,
                "ruleset": code,
                "kind": kind,
                "definition": definition,
                "source": f"ruleset: {code}",
                "path": f"rules/{code}.yaml",
            }
            for digest, code, kind, definition in versions
        ],
        runs.run_rules: [
            {"run_id": run, "ruleset": codes[digest], "digest": digest, "position": position}
            for run, digest, position in used
        ],
        runs.run_levels: [
            {"run_id": 2, "ruleset": ruleset, "level": level, "members": count}
            for (ruleset, level), count in members.items()
        ],
    }


def _overrides() -> list[dict[str, Any]]:
    # customer, rule set, code, effect, reason, author, starts, expires, ended; on 10 February only the first counts
    rows = (
        (1, "service_tier", "vip", "include", "framework contract", "Li Na", None, day(7, 1), None),
        (1, "churn_warning", "volume_collapse", "exclude", "closed for works", "张伟", day(1, 1), day(2, 10), None),
        (2, "service_tier", "vip", "exclude", "pays late", "张伟", None, None, day(2, 3)),
        (3, "service_tier", "vip", "include", "pilot", "张伟", day(2, 11), None, None),
    )
    names = ("customer_id", "ruleset", "code", "effect", "reason", "author", "starts_at", "expires_at", "ended_at")
    return [
        {"id": number, **dict(zip(names, row, strict=True)), "created_at": day(1, 31)}
        | {"ended_by": row[-1] and "Li Na", "ended_reason": row[-1] and "paid"}
        for number, row in enumerate(rows, 1)
    ]


def _memberships() -> list[dict[str, Any]]:
    # customer, rule set, level, from run, until run, digest; customer 4 is in nothing
    tiers = [
        (1, "service_tier", "ordinary", 1, 2, "d1"),
        (1, "service_tier", "vip", 2, None, "d2"),
        (2, "service_tier", "professional", 1, None, "d1"),
        *((number, "service_tier", "ordinary", 1, None, "d1") for number in (3, *range(5, 13))),
        (1, "lifecycle", "active", 1, None, "d3"),
        (2, "lifecycle", "lost", 1, None, "d3"),
    ]
    # Customer 1 is VIP by a person's decision, customer 2 is on the way out of its level.
    kept = {2: (None, None, 1), 3: (day(2, 1), day(3, 3), None)}
    return [
        {
            "id": place,
            "customer_id": customer,
            "ruleset": ruleset,
            "level": level,
            **dict(zip(("below_since", "drops_at", "override_id"), kept.get(place, (None,) * 3), strict=True)),
            "from_run_id": since,
            "until_run_id": until,
            "digest": digest,
            "reasons": {"when": f"is {level}", "features": {"shipments_90d": 3, "revenue_365d": customer}},
        }
        for place, (customer, ruleset, level, since, until, digest) in enumerate(tiers, start=1)
    ]


def _warnings() -> list[dict[str, Any]]:
    # number, customer, sign, severity, route, cleared by
    both, one = ["account_management", "customer_service"], ["account_management"]
    rows = (
        (1, 2, "volume_collapse", "high", both, None),
        (2, 3, "long_silence", "medium", one, None),
        (3, 2, "long_silence", "medium", one, None),
        (4, 1, "volume_collapse", "high", both, 2),
    )
    return [
        {
            "id": number,
            "customer_id": customer,
            "ruleset": "churn_warning",
            "warning": sign,
            "severity": severity,
            "reason": f"shipments fell from {number}0 to {number}",
            "reasons": {"when": "shipments_90d < 0.4 * shipments_prev_90d", "features": {"shipments_90d": number}},
            "route": route,
            "fired_run_id": 1 if cleared else 2,
            "cleared_run_id": cleared,
            "fired_at": day(1, 1) if cleared else day(2, 1),
            "digest": "d4",
            "state": "open",
            "outcome": None,
        }
        for number, customer, sign, severity, route, cleared in rows
    ]


def _decision() -> dict[str, Any]:
    """That two records of which none is loaded are the same."""
    sides = {f"{side}_{part}": f"{side} {part}" for side in ("left", "right") for part in ("system", "key")}
    origins = {"left_origin": "file", "right_origin": "file"}
    said = {"kind": "same", "reason": "moved", "author": "Li Na", "created_at": day(2, 1)}
    return {"id": 1, **sides, **origins, **said}


def _served() -> list[dict[str, Any]]:
    # code, slot, kind, scale, base; days are told from 1 February
    rows = (
        ("revenue_365d", "whole_1", "decimal", 2, None, "currency", "Revenue in a year", "近一年收入"),
        ("shipments_90d", "whole_2", "integer", 0, None, "shipments", "Shipments in 90 days", "近90天票数"),
        (
            "days_since_last_shipment",
            "whole_3",
            "integer",
            0,
            20_485,
            "days",
            "Days since the last shipment",
            "距上次发货",
        ),
        ("is_pilot", "whole_4", "boolean", 0, None, "truth", "Pilot", "试点"),
        ("first_shipment_at", "whole_5", "instant", 0, None, "instant", "First shipment", "首次发货"),
        ("on_time_rate_90d", "real_1", "float", 0, None, "share", "On time in 90 days", "近90天准时率"),
        ("last_service", "text_1", "string", 0, None, "word", "Last service", "最近使用产品"),
    )
    names = ("code", "slot", "kind", "scale", "base", "unit")
    told = {"meaning": "what was counted", "run_id": 2}
    return [
        {**dict(zip(names, row, strict=False)), **told, "label": {"en": row[6], "zh": row[7]}}
        | {"place": f"rules/features/things.yaml:{number}:3"}
        for number, row in enumerate(rows, 1)
    ]


def _feature_values() -> list[dict[str, Any]]:
    # Of customer 3 hardly anything is known, and no run has counted those from 4 on.
    first = micros(day(1, 1, 9))
    names = ("whole_1", "whole_2", "whole_3", "whole_4", "whole_5", "real_1", "text_1")
    rows = (
        (4_820_050, 30, 20_483, 1, first, 0.95, "air"),
        (-500, 0, 20_385, 0, first, 0.5, "快件"),
        (0, 0, *[None] * 5),
    )
    return [{"customer_id": number, **dict(zip(names, row, strict=True))} for number, row in enumerate(rows, 1)]


ROWS: dict[Table, list[dict[str, Any]]] = {
    **_runs(),
    overrides: _overrides(),
    identity_decisions: [_decision()],
    runs.memberships: _memberships(),
    runs.warnings: _warnings(),
    served_features: _served(),
    customer_features: _feature_values(),
}
