"""Rule sets read before: what a published run used does not change, and nor does a version."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from kehu.reader.definitions import RuleSet, publication_mark, published_rule_sets, rule_sets_by_digest, rule_sets_of

_MAX_VERSIONS = 200


class KeptRules:
    """Answers as the reader's functions do; of the same state of the database that it looks into each time."""

    def __init__(self) -> None:
        self._published: tuple[tuple[int, datetime], Mapping[str, RuleSet]] | None = None
        self._versions: dict[str, RuleSet] = {}

    def instead(self, read: Callable[..., Any]) -> Callable[..., Any]:
        """What answers as `read` does, and reads less; `read` itself where nothing is kept of it."""
        if read is published_rule_sets:
            return self.published_rule_sets
        return self.rule_sets_by_digest if read is rule_sets_by_digest else read

    def published_rule_sets(self, connection: Connection) -> Mapping[str, RuleSet]:
        """See kehu.reader.definitions; read anew after each publication."""
        mark = publication_mark(connection)
        if mark is None:
            return {}
        kept = self._published
        if kept is None or kept[0] != mark:
            kept = self._published = (mark, rule_sets_of(connection, mark[0]))
        return kept[1]

    def rule_sets_by_digest(self, connection: Connection, digests: Collection[str]) -> Mapping[str, RuleSet]:
        """See kehu.reader.definitions; only those are read that were not lately."""
        # Another thread may begin a new one meanwhile.
        versions = self._versions
        kept = {digest: versions[digest] for digest in digests if digest in versions}
        unread = [digest for digest in digests if digest not in kept]
        if not unread:
            return kept
        found = rule_sets_by_digest(connection, unread)
        if len(self._versions) + len(found) > _MAX_VERSIONS:
            self._versions = {}
        self._versions |= found
        return kept | found
