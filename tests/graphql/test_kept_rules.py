"""Rule sets that are read once for each publication."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, delete, event, update

from kehu.reader.definitions import published_rule_sets, rule_sets_by_digest
from kehu.tables.runs import publication
from kehu_graphql.kept_rules import KeptRules


@contextmanager
def _counted(connection: Connection) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield statements
    event.remove(connection, "before_cursor_execute", note)


def test_rule_sets_are_those_of_the_published_run_whichever_that_is(carrier: Engine) -> None:
    kept = KeptRules()
    with carrier.connect() as connection:
        first = kept.published_rule_sets(connection)
        assert first == published_rule_sets(connection)
        with _counted(connection) as statements:
            assert kept.published_rule_sets(connection) is first
        assert len(statements) == 1
        connection.execute(update(publication).values(run_id=1))
        assert kept.published_rule_sets(connection) == published_rule_sets(connection) != first
        connection.execute(delete(publication))
        assert kept.published_rule_sets(connection) == {}


def test_versions_are_read_once_and_unknown_ones_each_time(carrier: Engine) -> None:
    kept = KeptRules()
    with carrier.connect() as connection:
        digests = [row.digest for row in published_rule_sets(connection).values()]
        for expected in (1, 0):
            with _counted(connection) as statements:
                assert kept.rule_sets_by_digest(connection, digests) == rule_sets_by_digest(connection, digests)
            assert len(statements) == expected + 1
        assert kept.rule_sets_by_digest(connection, ["none"]) == {}


def test_versions_that_another_thread_drops_meanwhile_are_found(carrier: Engine) -> None:
    kept = KeptRules()

    class Turning(str):
        """Lets the other thread have its turn whenever it is looked for."""

        __slots__ = ()

        def __hash__(self) -> int:
            kept._versions = {}
            return super().__hash__()

    with carrier.connect() as connection:
        digests = [row.digest for row in published_rule_sets(connection).values()]
        expected = kept.rule_sets_by_digest(connection, digests)
        assert kept.rule_sets_by_digest(connection, list(map(Turning, digests[:1]))) == {
            digest: expected[digest] for digest in digests[:1]
        }
