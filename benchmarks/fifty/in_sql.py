"""The fifty rules as SQL conditions for DuckDB, amounts in cents; unknown counts as false in CASE WHEN."""

from datetime import datetime, timedelta

_FORMAT = "TIMESTAMPTZ '%Y-%m-%d %H:%M:%S+00'"
_RULES = {
    "service_tier/vip": "revenue_365d >= 50000000 OR (shipments_90d >= 600 AND complaints_90d < 3)",
    "service_tier/professional": "revenue_365d >= 6000000 OR (revenue_90d * 4 >= 6000000 AND shipments_90d >= 12)",
    "size_class/large": "shipments_365d > 0 AND revenue_365d >= 100000000",
    "size_class/medium": "shipments_365d > 0 AND revenue_365d >= 10000000",
    "size_class/small": "shipments_365d > 0",
    "lifecycle/active": "days_since_last_shipment <= 90",
    "lifecycle/lapsing": "shipments_365d > 0 AND last_shipment_at < {now-90}",
    "lifecycle/lost": "last_shipment_at IS NOT NULL",
    "lifecycle/prospective": "visits_total > 0 OR contacts > 0",
    "order_amount/platinum": "revenue_365d >= 100000000",
    "order_amount/gold": "revenue_365d >= 30000000",
    "order_amount/silver": "revenue_365d >= 6000000",
    "order_amount/bronze": "revenue_365d >= 1000000",
    "order_amount/basic": "revenue_365d > 0",
    "recommendation/promoter": "nps >= 9",
    "recommendation/passive": "nps IN (7, 8)",
    "recommendation/detractor": "nps IS NOT NULL",
    "credit/blocked": "credit_hold OR overdue_amount > coalesce(credit_limit, 0)",
    "credit/watch": "overdue_amount >= 100000 AND overdue_amount * 10 > revenue_90d",
    "credit/trusted": "credit_limit >= 5000000 AND overdue_amount = 0 AND revenue_365d >= 3 * credit_limit",
    "desk/delta": "region IN ('上海', '江苏', '浙江')",
    "desk/south": "region IN ('广东', '广西', '海南') AND coalesce(industry, '') <> '电商'",
    "desk/unknown": "region IS NULL OR region = ''",
    "marks/vip_company": "kind = 'company' AND revenue_365d >= 20000000",
    "marks/project": "is_project OR kind = 'project'",
    "marks/email_bad": (
        r"email IS NOT NULL AND NOT regexp_matches(email, '^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+$')"
    ),
    "marks/email_corporate": r"regexp_matches(email, '@[a-z0-9-]+\.(com\.cn|cn)$')",
    "marks/mobile": "regexp_matches(phone, '^1[3-9][0-9]{{9}}$')",
    "marks/taxed": "length(tax_code) = 18 AND starts_with(tax_code, '91')",
    "marks/cross_border": "cross_border_share > 0.25::DOUBLE",
    "marks/one_lane": "lanes_365d = 1 AND shipments_365d >= 12",
    "marks/newcomer": "created_at > {now-30}",
    "marks/anniversary": "shipments_365d > 0 AND coalesce(month(first_shipment_at), {month}) = {month}",
    "marks/night_shipper": "hour(last_shipment_at) >= 20",
    "marks/profitable": "revenue_365d > 0 AND (revenue_365d - cost_365d) / revenue_365d >= 0.2::DOUBLE",
    "marks/growing": "revenue_prev_365d > 0 AND revenue_365d / revenue_prev_365d > 1.3::DOUBLE",
    "churn_warning/volume_collapse": "shipments_prev_90d >= 10 AND shipments_90d * 10 <= 3 * shipments_prev_90d",
    "churn_warning/silent": (
        "shipments_365d >= 6 AND days_since_last_shipment > coalesce(gap_p90_days, 9999)"
        " AND days_since_last_shipment >= 14"
    ),
    "churn_warning/late_deliveries": "late_90d >= 3 AND on_time_rate_90d < 0.95::DOUBLE",
    "churn_warning/late_share": "shipments_90d > 0 AND late_90d / shipments_90d > 0.1::DOUBLE",
    "churn_warning/complaints_rising": "complaints_90d >= 2 AND complaints_90d > complaints_prev_90d",
    "churn_warning/revenue_falling": "revenue_prev_365d >= 1000000 AND revenue_365d * 10 < 9 * revenue_prev_365d",
    "churn_warning/dissatisfied": "satisfaction_365d < 3",
    "churn_warning/contract_ending": "contract_until > {now+0} AND contract_until < {now+60}",
    "churn_warning/unvisited": "revenue_365d >= 6000000 AND coalesce(last_visit_at, created_at) <= {now-91}",
    "churn_warning/shrinking": (
        "services_365d <= 1 AND shipments_prev_365d >= 24 AND shipments_365d * 2 < shipments_prev_365d"
    ),
    "service_warning/claims": (
        "claims_365d >= 3 OR (shipments_365d > 0 AND claims_365d / shipments_365d >= 0.05::DOUBLE)"
    ),
    "service_warning/claim_cost": "revenue_365d <> 0 AND claim_amount_365d / revenue_365d > 0.02::DOUBLE",
    "service_warning/complaint_open": (
        "open_complaints > 0 AND CASE WHEN kind = 'company' THEN revenue_365d >= 6000000 ELSE complaints_90d > 1 END"
    ),
    "service_warning/unhappy_vip": (
        "revenue_365d >= 50000000 AND (coalesce(nps, 10) <= 6 OR coalesce(satisfaction_365d, 5) < 3.5::DOUBLE)"
        " AND NOT is_project"
    ),
}


def query(source: str, now: datetime) -> str:
    """A boolean column per rule over a table or view, in the order of its rows."""
    words = {f"now{days:+}": (now + timedelta(days=days)).strftime(_FORMAT) for days in (-91, -90, -30, 0, 60)}
    cases = (
        f'CASE WHEN {rule.format(**words, month=now.month)} THEN true ELSE false END AS "{key}"'
        for key, rule in _RULES.items()
    )
    return f"SELECT {', '.join(cases)} FROM {source}"
