"""Why one customer stands where it stands: its own events to features to verdicts, beside what is published."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select

from kehu.model.feature_types import FeatureInfo
from kehu.model.problems import Place, Problem, RefusedError, did_you_mean, refuse_errors
from kehu.pipeline.facts import Present, mirror_folder
from kehu.pipeline.named_customer import named_customer
from kehu.pipeline.one_customer import one_customers_features
from kehu.pipeline.progress import Clock
from kehu.pipeline.resegmenting import now_of
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.pipeline.transactions import reading
from kehu.publish.standing import standing_as_of
from kehu.reader.customers import Customer, customers_by_id
from kehu.reader.lookup import Match
from kehu.reader.memberships import current_memberships
from kehu.reader.runs import published
from kehu.rules.parts import features_of
from kehu.rules.verdicts import Verdict, verdicts
from kehu.tables.runs import warnings
from kehu.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PublishedAnswer:
    """A level or warning that the published run gives the customer, and the run it began with."""

    code: str
    since: datetime
    run: int
    reasons: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CustomerExplanation:
    """A customer's verdicts as of an instant, and by rule set what is published of it.

    `run` is the published run, None before the first; `features` are the values as stored, of the declared ones
    that `infos` tells of. `not_in_force` are the
    rule sets that were asked for and have no version in force at the instant.
    """

    customer: Customer
    found_by: Match
    as_of: datetime
    features: Mapping[str, object]
    verdicts: tuple[Verdict, ...]
    run: int | None
    published: Mapping[str, tuple[PublishedAnswer, ...]]
    not_in_force: tuple[str, ...] = ()
    infos: tuple[FeatureInfo, ...] = ()

    def differs(self, verdict: Verdict) -> bool:
        """Whether the published answer is another; before the first run nothing differs."""
        codes = {answer.code for answer in self.published.get(verdict.ruleset, ())}
        return self.run is not None and codes != set(verdict.holding)


def explain_customer(
    workspace: Workspace, engine: Engine, text: str, as_of: datetime | None, *, clock: Clock, ruleset: str = ""
) -> CustomerExplanation:
    """The customer that `text` names, by the rules as they are now; of one rule set, or of all.

    Without `as_of` the workspace's clock decides. Raises RefusedError for wrong rule files, an unknown rule set,
    and a text that names no customer or several.
    """
    catalogue, book, problems = read_rule_directory(workspace)
    refuse_errors(problems)
    codes = [item.code for item in book.rulesets]
    if ruleset and ruleset not in codes:
        said, remedy = f"no rule set '{ruleset}'", did_you_mean(ruleset, codes)
        raise RefusedError([Problem(Place(ruleset), "unknown-ruleset", said, remedy)])
    instant = as_of or now_of(workspace, engine, clock)
    book = book.in_force(instant)
    present = Present(engine, mirror_folder(engine, workspace.root), lambda _what, _rows: None)
    with reading(engine) as connection:
        match = named_customer(connection, text, workspace.settings.phone_region, Place(text))
        features = one_customers_features(connection, present, catalogue, features_of(book), match.customer_id, instant)
        customer = customers_by_id(connection, [match.customer_id])[match.customer_id]
        publication = published(connection)
        answers = _published(connection, match.customer_id)
        standing = standing_as_of(connection, [book], instant, match.customer_id)
    found = tuple(item for item in verdicts(book, features, instant, standing) if ruleset in {"", item.ruleset})
    run = None if publication is None else publication.run_id
    asked = dict.fromkeys(code for code in codes if ruleset in {"", code})
    waiting = tuple(code for code in asked if code not in {item.ruleset for item in found})
    values, infos = features.row(0, named=True), catalogue.infos
    return CustomerExplanation(customer, match, instant, values, found, run, answers, waiting, infos)


def _published(connection: Connection, customer_id: int) -> dict[str, tuple[PublishedAnswer, ...]]:
    found: dict[str, tuple[PublishedAnswer, ...]] = {}
    for each in current_memberships(connection, [customer_id]).get(customer_id, ()):
        answer = PublishedAnswer(each.level, each.since, each.from_run_id, each.reasons)
        found[each.ruleset] = (*found.get(each.ruleset, ()), answer)
    columns = (warnings.c.ruleset, warnings.c.warning, warnings.c.fired_at, warnings.c.fired_run_id, warnings.c.reasons)
    still_open = (warnings.c.customer_id == customer_id, warnings.c.cleared_run_id.is_(None))
    for ruleset, *answered in connection.execute(select(*columns).where(*still_open).order_by(warnings.c.id)):
        found[ruleset] = (*found.get(ruleset, ()), PublishedAnswer(*answered))
    return found
