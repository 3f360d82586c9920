"""Trusted documents, asked for by hash or by name, and which of them can no longer run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, GraphQLSchema, SourceLocation, parse, specified_rules, validate

from kehu.model.problems import Place, Problem
from kehu.workspace.documents import digest_of
from kehu.workspace.served import Served
from kehu_graphql.failures import BAD_USER_INPUT, DOCUMENT_NOT_TRUSTED, PERSISTED_QUERY_NOT_FOUND, ExpectedError
from kehu_graphql.limits import LIMIT_RULES
from kehu_graphql.planning.sent import Sent, named_query

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class TrustedDocuments:
    """Texts by hash and by name. With the mode 'only' no other text is taken, with 'off' hashes and names are not."""

    mode: str
    texts: Mapping[str, str]

    def query_of(self, sent: Mapping[str, Any]) -> str | None:
        """The text of what was sent: a query, `documentId`, or Apollo's `extensions.persistedQuery.sha256Hash`.

        None where it names none of them. Raises ExpectedError for an unknown document, one that is not trusted, and a
        hash of another text.
        """
        query, name = sent.get("query"), _named(sent)
        if self.mode == "off":
            return query
        if query is None:
            return None if name is None else self._text(name)
        digest = digest_of(query)
        if name is not None and name not in {digest, sent.get("documentId")}:
            raise ExpectedError("the hash is not that of the query: SHA-256 of its text in hexadecimal", BAD_USER_INPUT)
        if self.mode == "only" and digest not in self.texts:
            said = "this server takes trusted documents alone, and this is none; add it to them, or send one's hash"
            raise ExpectedError(said, DOCUMENT_NOT_TRUSTED)
        return str(query)

    def sent(self, written: Any) -> Sent | None:
        """A request as a plan takes it; None where it is anything unusual."""
        if not isinstance(written, dict):
            return None
        try:
            return named_query(written, self.query_of(written))
        except (ExpectedError, AttributeError, TypeError):
            return None

    def _text(self, name: str) -> str:
        text = self.texts.get(name)
        if text is None:
            # The first word is what Apollo's clients look for, to send the text with its hash.
            said = f"PersistedQueryNotFound: there is no trusted document '{name[:_SHOWN]}'"
            raise ExpectedError(said, PERSISTED_QUERY_NOT_FOUND)
        return text


def documents_of(served: Served) -> TrustedDocuments:
    """Those that a server was given."""
    return TrustedDocuments(served.documents_mode, served.documents)


def _named(sent: Mapping[str, Any]) -> str | None:
    extensions = sent.get("extensions")
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    named = persisted.get("sha256Hash") if isinstance(persisted, dict) else sent.get("documentId")
    return named if isinstance(named, str) else None


def outdated(schema: GraphQLSchema, texts: Mapping[str, str]) -> list[Problem]:
    """What is wrong with each document by this schema and its limits; the place is its name, with line and column."""
    names: dict[str, str] = {}
    for name, text in texts.items():
        if name != digest_of(text) or text not in names:
            names[text] = name
    return [problem for text, name in names.items() for problem in _problems(schema, name, text)]


def _problems(schema: GraphQLSchema, name: str, text: str) -> list[Problem]:
    try:
        errors = validate(schema, parse(text), [*specified_rules, *LIMIT_RULES])
    except GraphQLError as unreadable:
        errors = [unreadable]
    places = [each.locations[0] if each.locations else SourceLocation(1, 1) for each in errors]
    return [
        Problem(Place(name, at.line, at.column), "outdated-document", each.message)
        for at, each in zip(places, errors, strict=True)
    ]
