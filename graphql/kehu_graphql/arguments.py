"""What arguments mean: one meaning for one name, wherever it is taken."""

from collections.abc import Iterator

from graphql import GraphQLArgument, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

# A field's own word on an argument stands under "Type.field.argument" and goes before.
MEANINGS = {
    "active": "Those that count now (true), or all that ever were (false).",
    "after": "Rows behind this one, a `cursor` or `endCursor` of the same list in the same order; null from the start.",
    "asOf": 'The instant to look from, e.g. "2026-02-01T00:00:00Z"; now when null.',
    "author": 'Who decided, e.g. "Li Na"; null for everybody.',
    "before": "Rows before this one, a `cursor` or `startCursor` of the same list; null up to the end.",
    "code": 'A code of the rule files, e.g. "service_tier"; an unknown one is an error that names the nearest.',
    "codes": 'Codes of served features, e.g. ["revenue_365d"]; an unknown one is an error. All when null.',
    "customer": 'A node id, uid, account, tax code, phone, e-mail or whole name, e.g. "C1"; empty for all.',
    "department": 'The department\'s whole name, e.g. "Sales"; null for all.',
    "expression": 'A condition over features as rule files have it, e.g. "revenue_365d >= 500000".',
    "first": "Rows at most, 0 to 200, e.g. 50; more is an error. 20 where it is left out.",
    "groupBy": "What to count by, in the order of the keys; one group of all when null.",
    "having": "Only groups with so many in them; every group when null.",
    "id": 'What `id` said, e.g. "RW1wbG95ZWU6MQ==".',
    "ids": "What `id` said of each, at most 200.",
    "includeCleared": "Those that a later run cleared, too.",
    "input": "What to change; every problem of it comes back in `userErrors`.",
    "kind": "same, different, dismissed or lock; null for all.",
    "kinds": "The kinds of events to tell of; all when null.",
    "last": "As `first`, from the end of the list; not together with `first` and `after`.",
    "least": "A probability from 0 to 1, e.g. 0.9; what is less likely is left out.",
    "level": 'A level by its code, e.g. "vip"; an unknown one is an error. Empty to compare with none.',
    "limit": "Rows at which to stop counting, 1 to 1,000,000, e.g. 1000; 10,000 where it is left out.",
    "locale": "The language of the answer.",
    "number": 'As the department numbers them, e.g. "E001".',
    "orderBy": "The first decides, the next among its equals; null for the order of the list itself.",
    "role": "The part that the customer plays in the shipment.",
    "ruleSet": 'Its code, e.g. "service_tier"; an unknown one is an error that names the nearest.',
    "skip": "Rows left out from the start, from 0.",
    "source": 'A source by its name, e.g. "crm"; null for all.',
    "stands": "Those that count (true) or were taken back (false); null for both.",
    "state": "running, published, failed, held or discarded; null for all.",
    "system": 'The department\'s system, e.g. "crm"; empty for all.',
    "value": 'What is known of it, in any spelling, e.g. "139 1234 0001".',
    "where": "The condition to meet; null for all.",
    "within": 'How far to look ahead, e.g. "7 days"; null for not at all.',
    "Customer.level.asOf": 'The instant to look from, e.g. "2026-02-01T00:00:00Z"; null for the published run.',
    "Customer.segments.asOf": 'The instant to look from, e.g. "2026-02-01T00:00:00Z"; null for the published run.',
    "Customer.feature.code": 'The feature, e.g. "revenue_365d"; one that is not served is an error.',
    "Query.explanation.customer": 'A node id, uid, account, tax code, phone, e-mail or whole name, e.g. "C1".',
    "Query.explanation.ruleSet": 'Its code, e.g. "service_tier"; an unknown one is an error. Empty for all.',
    "Query.rulePreview.ruleSet": 'The rule set of `level`, e.g. "service_tier"; empty to compare with none.',
    "Query.customer.id": 'The node id or the uid, also a former one, e.g. "7c22876c-61e8-543d-a613-c127c8ab7d67".',
    "Subscription.levelChanged.after": "The cursor behind which to go on; null for what is published from now on.",
    "Subscription.levelChanged.level": 'Its code, e.g. "vip"; an unknown one is an error. Null for every level.',
    "Subscription.runProgress.run": 'The node id, or the number, e.g. "12".',
    "Subscription.warningsRaised.after": "The cursor behind which to go on; null for what is published from now on.",
    "Subscription.warningsRaised.department": 'To which it is told, as `route` names it, e.g. "sales"; null for all.',
    "Subscription.warningsRaised.ruleSet": 'Its code, e.g. "churn_warning"; an unknown one is an error. Null for all.',
    "Query.export.id": 'What `id` of the export said, e.g. "0f8fad5bd9cb469fa16570867728950e".',
    "Query.customersAggregate.first": "Groups at most, 0 to 200, e.g. 50; 20 where it is left out.",
    "Query.customersAggregate.orderBy": "The order of the groups; the largest first when null.",
    "Query.shipmentsAggregate.first": "Groups at most, 0 to 200, e.g. 50; 20 where it is left out.",
    "Query.shipmentsAggregate.orderBy": "The order of the groups; the largest first when null.",
    "Query.shipmentsAggregate.where": "The condition that the payer must meet; null for all.",
    "Query.shipmentByNumber.number": 'A waybill number in the case it is printed in, e.g. "SF1234567890".',
    "Query.run.id": 'The node id, or the number, e.g. "12".',
}


def describe_arguments(schema: GraphQLSchema) -> None:
    """Gives every argument of the schema its meaning; one that has none stays without."""
    for coordinate, argument in arguments_of(schema):
        own = MEANINGS.get(coordinate)
        argument.description = own or argument.description or MEANINGS.get(coordinate.rpartition(".")[2])


def arguments_of(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLArgument]]:
    """Every argument with where it stands, as "Type.field.argument"."""
    for name, kind in schema.type_map.items():
        if name.startswith("__") or not isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            continue
        for field, definition in kind.fields.items():
            for argument, taken in definition.args.items():
                yield f"{name}.{field}.{argument}", taken
