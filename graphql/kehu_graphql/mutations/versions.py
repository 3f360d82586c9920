"""Whether a customer is as it was when somebody decided on it."""

from sqlalchemy import Connection

from kehu.model.problems import Place, refuse_errors
from kehu.pipeline.named_customer import named_customer
from kehu.reader.customers import customers_by_id
from kehu.reader.versions import version_problems
from kehu_graphql.desk import WriteDesk

VERSION = "Refuse it when the customer's `version` is another by now; null takes any."


def check_version(desk: WriteDesk, connection: Connection, text: str, expected: str | None, path: str) -> None:
    """Raises RefusedError, at `path`, when the customer named so is in another version; None fits any."""
    if expected is None:
        return
    region = desk.workspace.settings.phone_region
    number = named_customer(connection, text, region, Place("CUSTOMER")).customer_id
    refuse_errors(version_problems(customers_by_id(connection, [number])[number], expected, Place(path)))
