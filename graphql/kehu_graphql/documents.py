"""Documents parsed and checked: the cheap limits before the costly rules, and what passed is kept."""

from collections import OrderedDict
from collections.abc import Iterator

from graphql import ASTValidationRule, DocumentNode, GraphQLSchema, parse, validate
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from kehu_graphql.failures import LIMIT_EXCEEDED, ExpectedError
from kehu_graphql.limits import LIMIT_RULES, MAX_CHARACTERS

# A parsed document takes up to 300 bytes of memory for each of its characters.
KEPT_CHARACTERS = 250_000
# Each unknown name is compared with all known ones, to say which was meant.
_MAX_ERRORS = 20


class KeptDocuments:
    """Documents that passed, by their text; beyond KEPT_CHARACTERS those not asked for the longest go.

    What was refused is not kept: nobody means to ask it again, except to fill the memory.
    """

    def __init__(self, *, characters: int = KEPT_CHARACTERS) -> None:
        self._kept: OrderedDict[str, DocumentNode] = OrderedDict()
        self._free = characters

    def find(self, text: str) -> DocumentNode | None:
        """None for a text that did not pass yet, or too long ago."""
        document = self._kept.get(text)
        if document is not None:
            self._kept.move_to_end(text)
        return document

    def keep(self, text: str, document: DocumentNode) -> None:
        """Found from now on, for as long as there is room for it."""
        if text not in self._kept:
            self._kept[text] = document
            self._free -= len(text)
        while self._free < 0:
            gone, _ = self._kept.popitem(last=False)
            self._free += len(gone)


class Prepared(SchemaExtension):
    """Parses and validates a document the first time it is asked."""

    def __init__(self, schema: GraphQLSchema, kept: KeptDocuments) -> None:
        self._schema = schema
        self._kept = kept

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        text = context.query or ""
        if context.graphql_document is None:
            context.graphql_document = self._kept.find(text) or parse(_bounded(text), **context.parse_options)
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        document, text = context.graphql_document, context.query or ""
        if document is None:
            yield
            return
        if self._kept.find(text) is document:
            context.pre_execution_errors = []
        else:
            errors = validate(self._schema, document, LIMIT_RULES)
            errors = errors or validate(self._schema, document, self._rules(), max_errors=_MAX_ERRORS)
            context.pre_execution_errors = errors
            if not errors:
                self._kept.keep(text, document)
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
