"""Documents parsed and checked: the cheap limits before the costly rules, and what passed is kept."""

from collections.abc import Iterator

from graphql import ASTValidationRule, DocumentNode, GraphQLSchema, parse, validate
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from kehu_graphql.failures import LIMIT_EXCEEDED, ExpectedError
from kehu_graphql.kept import Kept
from kehu_graphql.limits import LIMIT_RULES, MAX_CHARACTERS

KEPT_CHARACTERS = 250_000
# Each unknown name is compared with all known ones, to say which was meant.
_MAX_ERRORS = 20


class Prepared(SchemaExtension):
    """Parses and validates a document the first time it is asked.

    What is refused is not kept: nobody means to ask it again, except to fill the memory.
    """

    def __init__(self, schema: GraphQLSchema, kept: Kept[DocumentNode]) -> None:
        self._schema = schema
        self._kept = kept

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        text = context.query or ""
        if context.graphql_document is None:
            context.graphql_document = self._kept.get((text,)) or parse(_bounded(text), **context.parse_options)
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        document, text = context.graphql_document, context.query or ""
        if document is None:
            yield
            return
        if self._kept.get((text,)) is document:
            context.pre_execution_errors = []
        else:
            errors = validate(self._schema, document, LIMIT_RULES)
            errors = errors or validate(self._schema, document, self._rules(), max_errors=_MAX_ERRORS)
            context.pre_execution_errors = errors
            if not errors:
                self._kept.put((text,), document)
        yield

    def _rules(self) -> list[type[ASTValidationRule]]:
        """Those of the operation, and Strawberry's own."""
        return [*self.execution_context.validation_rules, MaybeNullValidationRule, OneOfInputValidationRule]


def _bounded(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        message = (
            f"the document has {len(text):,} characters; at most {MAX_CHARACTERS:,} are taken: "
            "put long values into variables"
        )
        raise ExpectedError(message, LIMIT_EXCEEDED)
    return text
