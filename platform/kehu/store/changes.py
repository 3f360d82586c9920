"""The journal of changes made through the server, by which the same one sent again is made once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from kehu.store.bulk import next_id
from kehu.tables.changes import changes


@dataclass(frozen=True, slots=True)
class Request:
    """A change asked for: by whom, which one, and a digest of what the client wrote; `key` is None without one."""

    author: str
    mutation: str
    key: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What was asked under a key before, and what it was answered with."""

    mutation: str
    digest: str
    answer: Mapping[str, Any]

    def is_of(self, request: Request) -> bool:
        """Whether it is the same change."""
        return (self.mutation, self.digest) == (request.mutation, request.digest)


def answered(connection: Connection, request: Request) -> Answered | None:
    """What the same author asked before under the request's key; None for a new key, and without one."""
    if request.key is None:
        return None
    same = (changes.c.author == request.author, changes.c.key == request.key)
    row = connection.execute(select(changes.c.mutation, changes.c.digest, changes.c.answer).where(*same)).one_or_none()
    return None if row is None else Answered(*row)


def record_change(connection: Connection, request: Request, answer: Mapping[str, Any], *, now: datetime) -> None:
    """Write down who changed what, in the transaction that changed it."""
    row = {"id": next_id(connection, changes), "at": now, "author": request.author, "mutation": request.mutation}
    row |= {"key": request.key, "digest": request.digest, "answer": dict(answer)}
    connection.execute(insert(changes).values(**row))


def forget_key(connection: Connection, author: str, key: str) -> None:
    """Let the author's key be new again; that the change was asked for stays written down."""
    same = (changes.c.author == author, changes.c.key == key)
    connection.execute(update(changes).where(*same).values(key=None))
