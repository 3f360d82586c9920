"""Remedies that name commands and their options, said for clients: by mutations, queries and arguments."""

import re

from kehu.model.problems import RefusedError
from kehu_graphql.failures import ExpectedError

# What the command line says, and what is said instead; what is whole before its parts.
_SAID: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"see 'kehu runs list'", "read 'runs' again"),
        (r"'kehu runs list' shows it", "'runs' shows it"),
        (r"run 'kehu resegment' and", "start a run with 'runStart' and"),
        (r"run 'kehu load' first, or give --as-of", "load the departments' files first, or give 'asOf'"),
        (r"run 'kehu load', which erases", "load the departments' files, which erases"),
        (r"kehu overrides end (\S+) --reason …", r"'overrideEnd' of \1"),
        (r"see 'kehu overrides list --all'", "read the customer's 'overrides' again"),
        (r"see 'kehu identity corrections'", "read the customer's 'values' again"),
        (r"see 'kehu identity review'", "read 'identitySuggestions' again"),
        (r"see 'kehu identity history'", "read 'identityDecisions' again"),
        (r"as 'kehu identity history' has them, --by, --since or --until", "of 'identityDecisions', 'by' or 'since'"),
        (r"part them with 'kehu identity split'", "part them with 'customerSplit'"),
        (r"kehu identity undo (\S+)", r"'identityUndo' of \1"),
        (r"kehu identity merge (.+?) --reason …", r"'customersMerge' of \1"),
        (r"kehu identity different …", "'customersTellApart' of them"),
        (r"kehu identity history", "read 'identityDecisions'"),
        (r"run without --engine", "run with the setting 'engine' as 'polars'"),
    )
)


def for_clients(text: str) -> str:
    """The remedy as a client can follow it; one that names no command stays as it is."""
    for pattern, said in _SAID:
        text = pattern.sub(said, text)
    return text


def refused_query(refusal: RefusedError) -> ExpectedError:
    """The error of a query that was refused so: everything wrong with it, each with how a client can mend it."""
    said = [(each.message, for_clients(each.remedy)) for each in refusal.problems]
    return ExpectedError("; ".join(f"{message} ({remedy})" if remedy else message for message, remedy in said))
