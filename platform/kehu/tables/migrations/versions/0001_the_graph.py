"""The graph, its records and the runs"""

import sqlalchemy as sa
from alembic import op

from kehu.tables.columns import BIG, DOCUMENT, Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The graph, its records and the runs."""
    op.create_table(
        "batches",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("finished_at", Instant, nullable=True),
        sa.Column("read", BIG, nullable=False),
        sa.Column("loaded", BIG, nullable=False),
        sa.Column("unchanged", BIG, nullable=False),
        sa.Column("quarantined", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    op.create_table(
        "departments",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departments")),
        sa.UniqueConstraint("name", name=op.f("uq_departments_name")),
    )
    op.create_table(
        "rule_versions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("ruleset", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("definition", DOCUMENT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_rule_versions")),
    )
    op.create_table(
        "run_levels",
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("ruleset", sa.String(length=100), nullable=False),
        sa.Column("level", sa.String(length=100), nullable=False),
        sa.Column("members", BIG, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "ruleset", "level", name=op.f("pk_run_levels")),
    )
    op.create_table(
        "run_rules",
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("ruleset", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "ruleset", name=op.f("pk_run_rules")),
    )
    op.create_table(
        "runs",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("as_of", Instant, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("engine", sa.String(length=20), nullable=False),
        sa.Column("rule_digest", sa.String(length=64), nullable=False),
        sa.Column("feature_digest", sa.String(length=64), nullable=False),
        sa.Column("customers", BIG, nullable=True),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("finished_at", Instant, nullable=True),
        sa.Column("counts", DOCUMENT, nullable=True),
        sa.Column("timings", DOCUMENT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('running', 'published', 'failed', 'dry')", name=op.f("ck_runs_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_table(
        "employees",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("seniority", sa.String(length=20), nullable=True),
        sa.Column("department_id", BIG, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_employees_department_id_departments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employees")),
        sa.UniqueConstraint("number", name=op.f("uq_employees_number")),
    )
    op.create_table(
        "publication",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("published_at", Instant, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_publication_one_row")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_publication_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("batch_id", BIG, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("line", BIG, nullable=False),
        sa.Column("column", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_quarantine_batch_id_batches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quarantine_source_file_line"), ["source", "file", "line"], unique=False)

    op.create_table(
        "source_records",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("system", sa.String(length=200), nullable=False),
        sa.Column("entity", sa.String(length=20), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", BIG, nullable=False),
        sa.Column("line", BIG, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_source_records_batch_id_batches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_records")),
    )
    with op.batch_alter_table("source_records", schema=None) as batch_op:
        batch_op.create_index("uq_source_records_system_entity_key", ["system", "entity", "key"], unique=True)

    op.create_table(
        "customers",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_search", sa.Text(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("tax_code", sa.String(length=40), nullable=True),
        sa.Column("consent", sa.Boolean(), nullable=True),
        sa.Column("owner_id", BIG, nullable=True),
        sa.Column("first_seen_at", Instant, nullable=True),
        sa.Column("last_seen_at", Instant, nullable=True),
        sa.CheckConstraint("kind IN ('company', 'person', 'project')", name=op.f("ck_customers_kind")),
        sa.ForeignKeyConstraint(["owner_id"], ["employees.id"], name=op.f("fk_customers_owner_id_employees")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("uid", name=op.f("uq_customers_uid")),
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_name_id"), ["name", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_owner_id_id"), ["owner_id", "id"], unique=False)

    op.create_table(
        "customer_aliases",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_aliases_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_customer_aliases")),
    )
    op.create_table(
        "customer_records",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("customer_id", BIG, nullable=True),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("reference_system", sa.String(length=200), nullable=True),
        sa.Column("reference_key", sa.Text(), nullable=True),
        sa.Column("same_as_system", sa.String(length=200), nullable=True),
        sa.Column("same_as_key", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_2", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("tax_code", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("consent", sa.Boolean(), nullable=True),
        sa.Column("first_contact_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_records_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_records")),
    )
    with op.batch_alter_table("customer_records", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_records_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "identifiers",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("system", sa.String(length=200), nullable=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_identifiers_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identifiers")),
    )
    with op.batch_alter_table("identifiers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identifiers_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_identifiers_kind_value"), ["kind", "value"], unique=False)
        batch_op.create_index(batch_op.f("ix_identifiers_value"), ["value"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("ruleset", sa.String(length=100), nullable=False),
        sa.Column("level", sa.String(length=100), nullable=False),
        sa.Column("from_run_id", BIG, nullable=False),
        sa.Column("until_run_id", BIG, nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reasons", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_memberships_customer_id_customers")),
        sa.ForeignKeyConstraint(["from_run_id"], ["runs.id"], name=op.f("fk_memberships_from_run_id_runs")),
        sa.ForeignKeyConstraint(["until_run_id"], ["runs.id"], name=op.f("fk_memberships_until_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_memberships_customer_id_ruleset"), ["customer_id", "ruleset"], unique=False
        )
        batch_op.create_index(
            "ix_memberships_open",
            ["ruleset", "level", "customer_id"],
            unique=False,
            sqlite_where=sa.text("until_run_id IS NULL"),
            postgresql_where=sa.text("until_run_id IS NULL"),
        )

    op.create_table(
        "shipments",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("shipper_record_id", BIG, nullable=True),
        sa.Column("consignee_record_id", BIG, nullable=True),
        sa.Column("payer_record_id", BIG, nullable=True),
        sa.Column("shipper_id", BIG, nullable=True),
        sa.Column("consignee_id", BIG, nullable=True),
        sa.Column("payer_id", BIG, nullable=True),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("destination", sa.Text(), nullable=True),
        sa.Column("accepted_at", Instant, nullable=True),
        sa.Column("promised_at", Instant, nullable=True),
        sa.Column("delivered_at", Instant, nullable=True),
        sa.Column("status", sa.String(length=20), nullable=True),
        sa.Column("pieces", BIG, nullable=True),
        sa.Column("weight_g", BIG, nullable=True),
        sa.Column("item_category", sa.Text(), nullable=True),
        sa.Column("revenue", BIG, nullable=True),
        sa.Column("cost", BIG, nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("at", Instant, nullable=True),
        sa.ForeignKeyConstraint(["consignee_id"], ["customers.id"], name=op.f("fk_shipments_consignee_id_customers")),
        sa.ForeignKeyConstraint(["payer_id"], ["customers.id"], name=op.f("fk_shipments_payer_id_customers")),
        sa.ForeignKeyConstraint(["shipper_id"], ["customers.id"], name=op.f("fk_shipments_shipper_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
    )
    with op.batch_alter_table("shipments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shipments_consignee_id_at_id"), ["consignee_id", "at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_shipments_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_shipments_payer_id_at_id"), ["payer_id", "at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_shipments_shipper_id_at_id"), ["shipper_id", "at", "id"], unique=False)

    op.create_table(
        "warnings",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("ruleset", sa.String(length=100), nullable=False),
        sa.Column("warning", sa.String(length=100), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reasons", DOCUMENT, nullable=False),
        sa.Column("route", DOCUMENT, nullable=False),
        sa.Column("fired_run_id", BIG, nullable=False),
        sa.Column("cleared_run_id", BIG, nullable=True),
        sa.Column("fired_at", Instant, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["cleared_run_id"], ["runs.id"], name=op.f("fk_warnings_cleared_run_id_runs")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_warnings_customer_id_customers")),
        sa.ForeignKeyConstraint(["fired_run_id"], ["runs.id"], name=op.f("fk_warnings_fired_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warnings")),
    )
    with op.batch_alter_table("warnings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_warnings_customer_id_id"), ["customer_id", "id"], unique=False)
        batch_op.create_index(
            "ix_warnings_open",
            ["warning", "id"],
            unique=False,
            sqlite_where=sa.text("cleared_run_id IS NULL"),
            postgresql_where=sa.text("cleared_run_id IS NULL"),
        )

    op.create_table(
        "complaints",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("customer_record_id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("severity", sa.String(length=20), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("opened_at", Instant, nullable=False),
        sa.Column("responded_at", Instant, nullable=True),
        sa.Column("resolved_at", Instant, nullable=True),
        sa.Column("shipment", sa.String(length=200), nullable=True),
        sa.Column("handler", sa.String(length=200), nullable=True),
        sa.Column("compensation", BIG, nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_complaints_customer_id_customers")),
        sa.ForeignKeyConstraint(
            ["customer_record_id"],
            ["customer_records.id"],
            name=op.f("fk_complaints_customer_record_id_customer_records"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
    )
    with op.batch_alter_table("complaints", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_complaints_customer_id_opened_at_id"), ["customer_id", "opened_at", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_complaints_resolved_at_opened_at"), ["resolved_at", "opened_at"], unique=False
        )

    op.create_table(
        "contacts",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("customer_record_id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("decision_role", sa.String(length=20), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("interests", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_contacts_customer_id_customers")),
        sa.ForeignKeyConstraint(
            ["customer_record_id"],
            ["customer_records.id"],
            name=op.f("fk_contacts_customer_record_id_customer_records"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contacts_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "visits",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("customer_record_id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("staff", sa.String(length=200), nullable=True),
        sa.Column("due_at", Instant, nullable=True),
        sa.Column("held_at", Instant, nullable=True),
        sa.Column("timeliness", sa.SmallInteger(), nullable=True),
        sa.Column("staff_attitude", sa.SmallInteger(), nullable=True),
        sa.Column("staff_skill", sa.SmallInteger(), nullable=True),
        sa.Column("overall_service", sa.SmallInteger(), nullable=True),
        sa.Column("delivery", sa.SmallInteger(), nullable=True),
        sa.Column("improvement", sa.SmallInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("next_due_at", Instant, nullable=True),
        sa.Column("at", Instant, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_visits_customer_id_customers")),
        sa.ForeignKeyConstraint(
            ["customer_record_id"], ["customer_records.id"], name=op.f("fk_visits_customer_record_id_customer_records")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
    )
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visits_customer_id_at_id"), ["customer_id", "at", "id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visits_customer_id_at_id"))

    op.drop_table("visits")
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contacts_customer_id_id"))

    op.drop_table("contacts")
    with op.batch_alter_table("complaints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaints_resolved_at_opened_at"))
        batch_op.drop_index(batch_op.f("ix_complaints_customer_id_opened_at_id"))

    op.drop_table("complaints")
    with op.batch_alter_table("warnings", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_warnings_open",
            sqlite_where=sa.text("cleared_run_id IS NULL"),
            postgresql_where=sa.text("cleared_run_id IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_warnings_customer_id_id"))

    op.drop_table("warnings")
    with op.batch_alter_table("shipments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shipments_shipper_id_at_id"))
        batch_op.drop_index(batch_op.f("ix_shipments_payer_id_at_id"))
        batch_op.drop_index(batch_op.f("ix_shipments_number"))
        batch_op.drop_index(batch_op.f("ix_shipments_consignee_id_at_id"))

    op.drop_table("shipments")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_memberships_open",
            sqlite_where=sa.text("until_run_id IS NULL"),
            postgresql_where=sa.text("until_run_id IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_memberships_customer_id_ruleset"))

    op.drop_table("memberships")
    with op.batch_alter_table("identifiers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identifiers_value"))
        batch_op.drop_index(batch_op.f("ix_identifiers_kind_value"))
        batch_op.drop_index(batch_op.f("ix_identifiers_customer_id"))

    op.drop_table("identifiers")
    with op.batch_alter_table("customer_records", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_records_customer_id"))

    op.drop_table("customer_records")
    op.drop_table("customer_aliases")
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customers_owner_id_id"))
        batch_op.drop_index(batch_op.f("ix_customers_name_id"))

    op.drop_table("customers")
    with op.batch_alter_table("source_records", schema=None) as batch_op:
        batch_op.drop_index("uq_source_records_system_entity_key")

    op.drop_table("source_records")
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quarantine_source_file_line"))

    op.drop_table("quarantine")
    op.drop_table("publication")
    op.drop_table("employees")
    op.drop_table("runs")
    op.drop_table("run_rules")
    op.drop_table("run_levels")
    op.drop_table("rule_versions")
    op.drop_table("departments")
    op.drop_table("batches")
