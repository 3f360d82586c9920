"""An example for every text whose description shows none, by its name, and what the scalars look like."""

import json
import re

from graphql import (
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

# A field's own example stands under "Type.field" and goes before.
EXAMPLES: dict[str, object] = {
    "address": "上海市浦东新区张江路88号",
    "advice": "merge the customers, or tell them apart",
    "author": "Li Na",
    "by": "Li Na",
    "city": "深圳",
    "column": "phone",
    "contains": "宏远",
    "counts": {"levels": {"service_tier": {"vip": 12}}, "warnings": {"silent": 3}, "entered": 2},
    "country": "中国",
    "customer": "C1",
    "customers": ["C1", "C2"],
    "customerName": "上海顺达物流",
    "description": "Who earns the first call back.",
    "destination": "上海",
    "email": "wang@hongyuan.cn",
    "endCursor": "WyJydW5zIiwyXQ==",
    "endedBy": "Li Na",
    "endedReason": "decided in haste",
    "entity": "customer",
    "eq": "上海",
    "error": "no disk",
    "feature": "revenue_365d",
    "featureDigest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "file": "data/crm.csv",
    "from": "E001",
    "handler": "E003",
    "handlerNumber": "E003",
    "handledBy": "Li Na",
    "holding": ["vip"],
    "held": ["91310000MA1FL1X77F"],
    "in": ["上海", "北京"],
    "interests": "tea, football",
    "itemCategory": "electronics",
    "key": "C1",
    "label": "VIP customers",
    "lacks": 40000,
    "left": "13912340000",
    "level": "vip",
    "meaning": "shipments paid for in the last 90 days",
    "message": "'hihg' is no severity",
    "name": "上海宏远贸易有限公司",
    "named": "Alpha Group",
    "ne": "上海",
    "notIn": ["上海", "北京"],
    "notInForce": ["double_eleven"],
    "number": "K21",
    "origin": "深圳",
    "outcome": "new price agreed, ships again",
    "owner": "E001",
    "path": "rules/service_tier.yaml",
    "phone": "139 1234 0001",
    "publishedVersion": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    "reason": "moved",
    "query": "{ customers { nodes { uid name } } }",
    "remedy": "did you mean 'shipments_90d'?",
    "right": "13912340000",
    "route": ["customer_service"],
    "row": "C7,Alpha Ltd,,上海",
    "ruleDigest": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "ruleSet": "churn_warning",
    "source": "crm",
    "shipmentNumber": "SF1000000001",
    "staff": "E002",
    "staffNumber": "E002",
    "startCursor": "WyJydW5zIiwzXQ==",
    "startsWith": "上海",
    "state": "open",
    "suggestion": "did you mean 'high'?",
    "system": "crm",
    "taxCode": "91310000MA1FL1X77F",
    "text": "宏遠",
    "title": "Account manager",
    "to": "E003",
    "uid": "7c22876c-61e8-543d-a613-c127c8ab7d67",
    "value": "+8613912340001",
    "version": "d2a84f4b8b650937",
    "when": "revenue_365d >= 500000",
    "Complaint.outcome": "replaced",
    "ComplaintSettleInput.outcome": "replaced",
    "CustomerFeature.label": "Shipments in 90 days",
    "Employee.name": "张伟",
    "ExplainedAnswer.reason": "shipments fell from 10 to 1",
    "ExplainedClause.text": "revenue_365d >= 500000",
    "ExplainedFeature.label": "Shipments in 90 days",
    "Feature.label": "Shipments in 90 days",
    "FeatureValue.value": 12,
    "GoldenValue.key": "C1",
    "IdentityDecision.reason": "same phone and address",
    "MissingClause.value": 360000,
    "Override.reason": "framework contract",
    "OverrideRowInput.reason": "framework contract",
    "QuarantinedRow.reason": "has 3 columns, not 4",
    "QuarantinedRow.value": "13800",
    "RefusedTie.label": "nobody has this key",
    "RuleFile.version": "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
    "RuleFile.source": "ruleset: service_tier\nkind: tier",
    "RuleSet.label": "Service tier",
    "RuleSet.version": "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
    "RuleSet.source": "ruleset: service_tier\nkind: tier",
    "Visit.number": "V12",
    "Warning.label": "Volume collapse",
    "Warning.reason": "shipments fell from 10 to 1",
    "WarningRule.label": "Volume collapse",
    "WarningRule.reason": "shipments fell from {shipments_prev_90d} to {shipments_90d}",
}
SCALARS = {
    "DateTime": 'An instant in ISO 8601: UTC in answers, with a time zone when sent, e.g. "2026-02-01T08:30:00+08:00".',
    "JSON": 'A number, a text, true or false, or several of them, e.g. 0.15 or "30 days".',
}
# "e.g.", a choice of words, or a name in backticks.
SHOWN = re.compile(r"[Ee]\.g\. |^\w+(, \w+)*,? (\(.*\) )?or \w+|^\w+: .*; \w+: |`")


def show_examples(schema: GraphQLSchema) -> None:
    """Adds an example to each description of a text, or of a value of any kind, that shows none yet."""
    for name, meaning in SCALARS.items():
        schema.type_map[name].description = meaning
    for coordinate, field in texts(schema):
        example = EXAMPLES.get(coordinate, EXAMPLES.get(coordinate.partition(".")[2]))
        if example is not None and not SHOWN.search(field.description or ""):
            field.description = f"{field.description} E.g. {json.dumps(example, ensure_ascii=False)}."


def texts(schema: GraphQLSchema) -> list[tuple[str, GraphQLField | GraphQLInputField]]:
    """Every field of an object or an input that holds texts, or values of any kind, as "Type.field"."""
    return [
        (f"{name}.{field}", definition)
        for name, kind in schema.type_map.items()
        if not name.startswith("__")
        and isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType))
        for field, definition in kind.fields.items()
        if get_named_type(definition.type).name in {"String", "JSON"}
    ]
