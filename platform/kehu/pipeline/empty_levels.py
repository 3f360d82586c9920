"""Levels of the rule files in which the published run put nobody."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from kehu.model.problems import Place, Problem
from kehu.pipeline.transactions import reading
from kehu.reader.definitions import RuleSet as PublishedRuleSet
from kehu.reader.definitions import rule_sets_of
from kehu.reader.runs import Run, published, runs_by_id
from kehu.rules.book import RuleBook, RuleSet
from kehu.rules.files import read_drafts
from kehu.store.database import current_revision, newest_revision, open_database
from kehu.workspace.workspace import Workspace, shipped_texts

_SQLITE = "sqlite:///"


def empty_levels(workspace: Workspace, book: RuleBook, texts: Mapping[str, str]) -> list[Problem]:
    """A warning for each rule set with levels without a member in the published run, if that used it as it stands.

    `texts` are the rule files by shown path. Files that are as they were shipped are for any carrier, and left out.
    Without a database that can be read, or a run, there is nothing to say.
    """
    url = workspace.settings.database_url
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).is_file():
        return []
    engine = open_database(url)
    try:
        with reading(engine) as connection:
            found = _published(connection)
    except SQLAlchemyError:
        return []
    finally:
        engine.dispose()
    if found is None:
        return []
    run, used = found
    shipped = set(shipped_texts().values())
    own = [item for item in book.rulesets if item.code in used and texts[item.path] not in shipped]
    same = [item for item in own if used[item.code].digest == item.digest]
    return [problem for item in same for problem in _of_ruleset(item, used[item.code], run, texts)]


def _published(connection: Connection) -> tuple[Run, Mapping[str, PublishedRuleSet]] | None:
    current = published(connection) if current_revision(connection) == newest_revision() else None
    run = None if current is None else runs_by_id(connection, [current.run_id])[current.run_id]
    return (run, rule_sets_of(connection, run.id)) if run is not None and run.customers else None


def _of_ruleset(ruleset: RuleSet, used: PublishedRuleSet, run: Run, texts: Mapping[str, str]) -> Iterable[Problem]:
    places = _places(ruleset, texts[ruleset.path])
    empty = [level.code for level in used.levels if level.members == 0 and level.code in places]
    if empty:
        codes = ", ".join(f"'{code}'" for code in empty)
        said = f"nobody is in {codes}: 0 of {run.customers:,} customers in run {run.id}"
        remedy = "look at the condition again; leave it if such customers are still to come"
        yield Problem(places[empty[0]], "empty-level", said, remedy, "warning")


def _places(ruleset: RuleSet, text: str) -> Mapping[str, Place]:
    """Where each level stands."""
    drafts, _ = read_drafts(text.removeprefix("\ufeff"), ruleset.path)
    return {entry.code: entry.place for draft, _ in drafts if draft.source == ruleset.source for entry in draft.entries}
