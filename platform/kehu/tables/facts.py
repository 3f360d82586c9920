"""What departments told us: records, customers, contacts, shipments, complaints, visits, staff."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, SmallInteger, String, Table, Text, text

from kehu.model.graph import LINKS, RELATION_PARTS, SATISFACTION_DIMENSIONS
from kehu.tables.columns import BIG, Instant, id_column, metadata, newest_first, reference

batches = Table(
    "batches",
    metadata,
    id_column(),
    Column("source", String(200), nullable=False),
    Column("file", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("read", BIG, nullable=False),
    Column("loaded", BIG, nullable=False),
    Column("unchanged", BIG, nullable=False),
    Column("quarantined", BIG, nullable=False),
    # Rows of erased persons; read is the sum of the four.
    Column("refused", BIG, nullable=False, server_default="0"),
)

quarantine = Table(
    "quarantine",
    metadata,
    id_column(),
    reference("batch_id", "batches.id", nullable=False),
    Column("source", String(200), nullable=False),
    Column("file", Text, nullable=False),
    Column("line", BIG, nullable=False),
    Column("column", Text),
    Column("value", Text),
    Column("reason", Text, nullable=False),
    Column("row", Text, nullable=False),
    Index(None, "source", "file", "line"),
)

departments = Table("departments", metadata, id_column(), Column("name", String(200), nullable=False, unique=True))

employees = Table(
    "employees",
    metadata,
    id_column(),
    Column("number", String(200), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("title", Text),
    Column("seniority", String(20)),
    reference("department_id", "departments.id"),
    Column("active", Boolean, nullable=False),
    Column("phone", Text),
    Column("email", Text),
)

customers = Table(
    "customers",
    metadata,
    id_column(),
    Column("uid", String(36), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_search", Text, nullable=False),
    Column("name_pinyin", Text),
    Column("industry", Text),
    Column("country", Text),
    Column("region", Text),
    Column("city", Text),
    Column("address", Text),
    Column("phone", Text),
    Column("email", Text),
    Column("tax_code", String(40)),
    Column("consent", Boolean),
    reference("owner_id", "employees.id"),
    Column("first_seen_at", Instant),
    Column("last_seen_at", Instant),
    Index(None, "owner_id", "id"),
    # Lists compare names by their bytes, as SQLite always does.
    Index(None, "name", "id", info={"dialect": "sqlite"}).ddl_if(dialect="sqlite"),
    Index("ix_customers_name_bytes", text('name COLLATE "C"'), "id", info={"dialect": "postgresql"}).ddl_if(
        dialect="postgresql"
    ),
    Index(None, "last_seen_at", "id"),
    Index(None, "name_search"),
    Index(None, "region", "id"),
    CheckConstraint("kind IN ('company', 'person', 'project')", name="kind"),
)

# Ids that customers once had and that must keep resolving after their records moved. `former_id` is the row's id that
# such a customer had: no other customer may get it, or a run that began before would speak of the wrong one.
customer_aliases = Table(
    "customer_aliases",
    metadata,
    Column("uid", String(36), primary_key=True),
    reference("customer_id", "customers.id", nullable=False),
    Column("former_id", BIG),
    Index(None, "customer_id"),
)

# `exported_at` is the date of the newest export that held the record as it is; None where its source tells none.
source_records = Table(
    "source_records",
    metadata,
    id_column(),
    Column("system", String(200), nullable=False),
    Column("entity", String(20), nullable=False),
    Column("key", Text, nullable=False),
    Column("hash", BigInteger, nullable=False),
    reference("batch_id", "batches.id", nullable=False),
    Column("line", BIG, nullable=False),
    Column("exported_at", Instant),
    Index("uq_source_records_system_entity_key", "system", "entity", "key", unique=True),
)

# Whether a record claims a parent or an employer, word for word as the index of such records has it.
CLAIMS_A_LINK = (
    "coalesce(parent_key, parent_tax_code, parent_code, employer_key, employer_tax_code, employer_code) IS NOT NULL"
)

# The records that name a customer: rows of a department's customer list ("file") and
# mentions of a customer on another record ("mention"). `id` is the source record's.
customer_records = Table(
    "customer_records",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=False),
    reference("customer_id", "customers.id"),
    Column("origin", String(10), nullable=False),
    Column("reference_system", String(200)),
    Column("reference_key", Text),
    Column("same_as_system", String(200)),
    Column("same_as_key", Text),
    Column("name", Text),
    Column("kind", String(20)),
    Column("industry", Text),
    Column("country", Text),
    Column("region", Text),
    Column("city", Text),
    Column("address", Text),
    Column("phone", Text),
    Column("phone_2", Text),
    Column("email", Text),
    Column("tax_code", Text),
    Column("owner", Text),
    Column("consent", Boolean),
    Column("first_contact_at", Instant),
    *(Column(f"{kind}_{part}", String(200) if part == "system" else Text) for kind in LINKS for part in RELATION_PARTS),
    Index(None, "customer_id"),
    Index("ix_customer_records_links", "id", sqlite_where=text(CLAIMS_A_LINK), postgresql_where=text(CLAIMS_A_LINK)),
)

identifiers = Table(
    "identifiers",
    metadata,
    id_column(),
    reference("customer_id", "customers.id", nullable=False),
    Column("kind", String(20), nullable=False),
    Column("system", String(200)),
    Column("value", Text, nullable=False),
    Index(None, "kind", "value"),
    Index(None, "value"),
    Index(None, "customer_id"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=False),
    reference("customer_record_id", "customer_records.id", nullable=False),
    reference("customer_id", "customers.id"),
    Column("name", Text, nullable=False),
    Column("title", Text),
    Column("decision_role", String(20)),
    Column("phone", Text),
    Column("email", Text),
    Column("interests", Text),
    Index(None, "customer_id", "id"),
)

_PARTIES = ("shipper", "consignee", "payer")

shipments = Table(
    "shipments",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=False),
    Column("number", String(200), nullable=False),
    *(Column(f"{role}_record_id", BIG) for role in _PARTIES),
    *(reference(f"{role}_id", "customers.id") for role in _PARTIES),
    Column("service", Text),
    Column("origin", Text),
    Column("destination", Text),
    Column("accepted_at", Instant),
    Column("promised_at", Instant),
    Column("delivered_at", Instant),
    Column("status", String(20)),
    Column("pieces", BIG),
    Column("weight_g", BIG),
    Column("item_category", Text),
    Column("revenue", BIG),
    Column("cost", BIG),
    Column("currency", String(3), nullable=False),
    Column("at", Instant),
    Index(None, "number"),
    *(index for role in _PARTIES for index in newest_first("shipments", f"{role}_id")),
)

complaints = Table(
    "complaints",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=False),
    Column("number", String(200), nullable=False),
    reference("customer_record_id", "customer_records.id", nullable=False),
    reference("customer_id", "customers.id"),
    Column("category", Text),
    Column("severity", String(20)),
    Column("channel", Text),
    Column("opened_at", Instant, nullable=False),
    Column("responded_at", Instant),
    Column("resolved_at", Instant),
    Column("shipment", String(200)),
    Column("handler", String(200)),
    Column("compensation", BIG),
    Column("currency", String(3), nullable=False),
    Column("outcome", Text),
    Index(None, "customer_id", "opened_at", "id"),
    Index(None, "resolved_at", "opened_at"),
)

visits = Table(
    "visits",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=False),
    Column("number", String(200), nullable=False),
    reference("customer_record_id", "customer_records.id", nullable=False),
    reference("customer_id", "customers.id"),
    Column("purpose", Text),
    Column("channel", Text),
    Column("staff", String(200)),
    Column("due_at", Instant),
    Column("held_at", Instant),
    *(Column(dimension, SmallInteger) for dimension in SATISFACTION_DIMENSIONS),
    Column("outcome", Text),
    Column("next_due_at", Instant),
    Column("at", Instant),
    *newest_first("visits", "customer_id"),
)
