"""One customer's features are those of the whole population's run, read from its own events."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import Engine, insert, select, update

from kehu.model.problems import RefusedError
from kehu.pipeline.explaining import explain_customer
from kehu.pipeline.facts import Present, features_as_of, mirror_folder, read_facts
from kehu.pipeline.loading import load
from kehu.pipeline.one_customer import one_customers_features, own_part
from kehu.pipeline.resegmenting import resegment
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.pipeline.transactions import reading
from kehu.reader.customers import customers_by_id
from kehu.reader.definitions import rule_sets_by_digest
from kehu.reader.memberships import current_memberships
from kehu.reader.next_levels import next_level_of
from kehu.store.database import open_database, upgrade
from kehu.tables.facts import customer_aliases, customers, identifiers
from kehu.workspace.workspace import Workspace, open_workspace

NORTHWIND = Path(__file__).parents[2] / "examples" / "northwind"
AS_OF = datetime(1998, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def northwind(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Engine]:
    """The sample, loaded and segmented as of its last event."""
    root = tmp_path_factory.mktemp("explain") / "northwind"
    shutil.copytree(NORTHWIND, root, ignore=shutil.ignore_patterns("*.sqlite3*"))
    workspace = open_workspace(root, {})
    engine = open_database(workspace.settings.database_url)
    upgrade(engine)
    load(workspace, engine, [], clock=lambda: AS_OF, progress=lambda _what, _rows: None)
    resegment(workspace, engine, None, clock=lambda: AS_OF, progress=lambda _what, _rows: None)
    return workspace, engine


def stored(engine: Engine) -> Present:
    """Without a mirror."""
    return Present(engine, None, lambda _what, _rows: None)


def test_one_customer_s_features_are_those_of_the_whole_run(northwind: tuple[Workspace, Engine]) -> None:
    workspace, engine = northwind
    catalogue, _, _ = read_rule_directory(workspace)
    whole = features_as_of(read_facts(engine, [catalogue]), catalogue, AS_OF)
    ids = whole["customer"].to_list()
    assert len(ids) > 80
    names = own_part(catalogue).schema
    with reading(engine) as connection:
        for customer in ids[::9]:
            own = one_customers_features(connection, stored(engine), catalogue, names, customer, AS_OF)
            # Means add floats up in the order of the engine's chunks: the last digit may differ.
            assert_frame_equal(own, whole.filter(customer=customer).select("customer", *names), rel_tol=1e-13)


def test_a_feature_that_compares_customers_is_computed_of_all(northwind: tuple[Workspace, Engine]) -> None:
    workspace, engine = northwind
    catalogue, _, _ = read_rule_directory(workspace)
    compared = set(catalogue.schema) - set(own_part(catalogue).schema)
    assert compared >= {item.info.name for item in catalogue.declarations if item.operation == "rank_of"}
    whole = features_as_of(read_facts(engine, [catalogue]), catalogue, AS_OF)
    customer = whole["customer"][3]
    mirrored = Present(engine, mirror_folder(engine, workspace.root), lambda _what, _rows: None)
    for present in (mirrored, stored(engine)):
        with reading(engine) as connection:
            found = one_customers_features(connection, present, catalogue, compared, customer, AS_OF)
        assert compared <= set(found.columns)
        assert_frame_equal(found, whole.filter(customer=customer).select(found.columns), rel_tol=1e-13)


def test_what_a_run_kept_tells_the_same_distance(northwind: tuple[Workspace, Engine]) -> None:
    """Of several customers, every tier and every clause of it."""
    workspace, engine = northwind
    _, book, _ = read_rule_directory(workspace)
    with reading(engine) as connection:
        ids = list(connection.scalars(select(customers.c.id).order_by(customers.c.id)))[::15]
        held = current_memberships(connection, ids)
        uids = {number: customer.uid for number, customer in customers_by_id(connection, ids).items()}
        versions = rule_sets_by_digest(connection, {item.digest for item in book.rulesets})
    told = set()
    for number in ids:
        found = explain_customer(workspace, engine, uids[number], None, clock=lambda: AS_OF)
        now = {verdict.ruleset: verdict.next for verdict in found.verdicts if verdict.holding}
        kept = {
            each.ruleset: next_level_of(versions[each.digest], each.level, each.reasons, each.since)
            for each in held[number]
        }
        assert {name: kept[name] for name in kept} == {name: now[name] for name in kept}
        told |= {each.feature for one in kept.values() if one for each in one.missing}
    assert told >= {"revenue_365d", "shipments_365d", None}


def test_today_s_answer_is_that_of_the_run_and_does_not_differ(northwind: tuple[Workspace, Engine]) -> None:
    workspace, engine = northwind
    found = explain_customer(workspace, engine, "ERNSH", None, clock=lambda: AS_OF)
    assert (found.customer.name, found.found_by.kind, found.run) == ("Ernst Handel", "source_key", 1)
    assert {name: [each.code for each in answers] for name, answers in found.published.items()} == {
        verdict.ruleset: list(verdict.holding) for verdict in found.verdicts if verdict.holding
    }
    assert [verdict.ruleset for verdict in found.verdicts if found.differs(verdict)] == []


def test_at_another_instant_the_published_answer_stands_beside(northwind: tuple[Workspace, Engine]) -> None:
    workspace, engine = northwind
    early = datetime(1996, 1, 1, tzinfo=UTC)
    found = explain_customer(workspace, engine, "ERNSH", early, clock=lambda: AS_OF, ruleset="lifecycle")
    (verdict,) = found.verdicts
    assert (verdict.holding, found.differs(verdict)) == (("potential",), True)
    (published,) = found.published["lifecycle"]
    assert (published.code, published.run) == ("active", 1)
    assert published.reasons["when"].strip() == "(days_since_last_shipment ?? 9999) <= 120"


def test_an_old_uid_leads_to_the_customer(northwind: tuple[Workspace, Engine]) -> None:
    workspace, engine = northwind
    with engine.begin() as connection:
        customer = connection.execute(
            select(identifiers.c.customer_id).where(identifiers.c.value == "ERNSH")
        ).scalar_one()
        connection.execute(insert(customer_aliases).values(uid="before", customer_id=customer))
    assert explain_customer(workspace, engine, "before", None, clock=lambda: AS_OF).customer.name == "Ernst Handel"


def test_a_text_that_names_several_is_refused_with_their_uids(northwind: tuple[Workspace, Engine]) -> None:
    workspace, engine = northwind
    with engine.begin() as connection:
        uids = dict(connection.execute(select(customers.c.id, customers.c.uid).order_by(customers.c.id).limit(2)).all())
        first, second = uids
        same = {"kind": "phone", "system": None, "value": "+8613912340001"}
        rows = [{"id": 10**6 + each, "customer_id": each, **same} for each in (first, second)]
        connection.execute(insert(identifiers), rows)
        connection.execute(update(customers).where(customers.c.id.in_(uids)).values(name="Twin"))
    with pytest.raises(RefusedError) as refused:
        explain_customer(workspace, engine, "+86 139 1234 0001", None, clock=lambda: AS_OF)
    (problem,) = refused.value.problems
    listed = ", ".join(f"{uids[each]} Twin" for each in (first, second))
    assert problem.message == f"'+86 139 1234 0001' names 2 customers: {listed}"
    with engine.begin() as connection:
        ids = connection.execute(select(customers.c.id).order_by(customers.c.id).limit(20).offset(2)).scalars().all()
        connection.execute(insert(identifiers), [{"id": 2 * 10**6 + each, "customer_id": each, **same} for each in ids])
    with pytest.raises(RefusedError, match="names 20 customers or more: "):
        explain_customer(workspace, engine, "+86 139 1234 0001", None, clock=lambda: AS_OF)


@pytest.mark.parametrize(
    ("_case", "text", "ruleset", "expected"),
    [
        ("nobody", "no such one", "", "nobody is known by 'no such one'"),
        ("an unknown rule set", "ERNSH", "service_teir", "no rule set 'service_teir'"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    northwind: tuple[Workspace, Engine], _case: str, text: str, ruleset: str, expected: str
) -> None:
    workspace, engine = northwind
    with pytest.raises(RefusedError) as refused:
        explain_customer(workspace, engine, text, None, clock=lambda: AS_OF, ruleset=ruleset)
    assert [problem.message for problem in refused.value.problems] == [expected]
