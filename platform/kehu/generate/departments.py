"""The departments in turn: sales, shipping, call centre, finance, visits."""

from collections.abc import Iterator

import polars as pl

from kehu.generate.accounts import Accounts
from kehu.generate.blemishes import nothing_spoilt, spoilt_rows
from kehu.generate.complaints import COMPLAINT_BLEMISHES, Grievances, arising, complaint_rows, joined
from kehu.generate.crm import CRM_BLEMISHES, crm_rows
from kehu.generate.dice import stream
from kehu.generate.employees import employee_rows
from kehu.generate.excel_file import SHEET_ROWS, write_excel
from kehu.generate.folder import GeneratedFile
from kehu.generate.ledger import (
    ACCOUNT_BLEMISHES,
    INVOICE_BLEMISHES,
    Ledger,
    finance_account_rows,
    invoice_rows,
)
from kehu.generate.office import CsvTarget, Export, Office, export_csv
from kehu.generate.parcels import network, parcels
from kehu.generate.sqlite_file import Table, write_sqlite
from kehu.generate.tally import Tally
from kehu.generate.truth import TrueRecords, party_records
from kehu.generate.visits import VISIT_BLEMISHES, plan_visits, visit_rows
from kehu.generate.waybills import WAYBILL_BLEMISHES, waybill_rows

BLOCKS_PER_PART = 4


def export_sales(office: Office) -> tuple[Export, Export]:
    """crm/customers.csv in GB18030, and crm/employees.csv in UTF-8 with a byte-order mark and nothing malformed."""
    book = office.book
    customers = CsvTarget("crm/customers.csv", "gb18030", book.accounts.owner.size, CRM_BLEMISHES)
    employees = CsvTarget("crm/employees.csv", "utf-8-sig", book.staff.rank.size, ())
    staff = employee_rows(book.staff, book.population.customers, book.seed)
    return export_csv(office, customers, crm_rows(book, office.first)), export_csv(office, employees, iter([staff]))


def export_waybills(office: Office, shipments: int, ledger: Ledger, tally: Tally) -> tuple[Export, Grievances]:
    """tms/waybills-0001.parquet and so on; the ledger, the tally and the complaints see every parcel."""
    book = office.book
    net = network(book.population, book.accounts, office.first, book.seed)
    parts = _WaybillParts(office)
    complaints: list[Grievances] = []
    done = 0
    for block in parcels(net, shipments):
        ledger.add(block)
        tally.add(block)
        complaints.append(arising(block, book.population, office.now, book.seed))
        parts.add(waybill_rows(block, book.population, book.accounts, book.directory))
        done += block.sender.size
        office.progress("tms", done, shipments)
    return parts.finish(), joined(complaints)


def export_complaints(
    office: Office, grievances: Grievances, records: TrueRecords, sheet_rows: int = SHEET_ROWS
) -> Export:
    """callcentre/complaints.xlsx, then complaints-0002.xlsx and so on, with up to `sheet_rows` each."""
    tickets = complaint_rows(office.book, grievances, office.now)
    records.add(party_records("callcentre", tickets["来电人"], tickets["来电号码"], grievances.customer))
    files: list[GeneratedFile] = []
    malformed = [nothing_spoilt()]
    for start in range(0, max(tickets.height, 1), sheet_rows):
        path = f"callcentre/complaints{f'-{len(files) + 1:04}' if files else ''}.xlsx"
        piece = tickets.slice(start, sheet_rows)
        spoilt = spoilt_rows(stream(office.book.seed, path), piece.height, COMPLAINT_BLEMISHES)
        cells = zip(spoilt.rows, spoilt.blemishes, strict=True)
        texts = {(row, blemish.column): str(blemish.value) for row, blemish in cells}
        write_excel(office.folder / path, "工单", piece, texts)
        malformed.append(spoilt.listed(path, first_line=2))
        files.append(GeneratedFile(path, piece.height, len(spoilt.rows)))
        office.progress("callcentre", start + piece.height, tickets.height)
    return Export(tuple(files), pl.concat(malformed))


def export_ledger(office: Office, accounts: Accounts, ledger: Ledger) -> Export:
    """finance/ledger.sqlite3 with the tables accounts and invoices."""
    book, path = office.book, "finance/ledger.sqlite3"
    frames = (
        ("accounts", finance_account_rows(book, accounts), ACCOUNT_BLEMISHES),
        ("invoices", invoice_rows(book, accounts, ledger), INVOICE_BLEMISHES),
    )
    tables = [
        Table(name, frame, "财务账号", spoilt_rows(stream(book.seed, name), frame.height, blemishes))
        for name, frame, blemishes in frames
    ]
    write_sqlite(office.folder / path, tables)
    rows = sum(table.frame.height for table in tables)
    office.progress("finance", rows, rows)
    return Export(
        tuple(GeneratedFile(path, table.frame.height, len(table.spoilt.rows), table.name) for table in tables),
        pl.concat([table.spoilt.listed(f"{path}#{table.name}", first_line=1) for table in tables]),
    )


def export_visits(office: Office, records: TrueRecords) -> Export:
    """visits/visits.csv: UTF-8 with a byte-order mark."""
    visits = plan_visits(office.book.population, office.book.seed)

    def frames() -> Iterator[pl.DataFrame]:
        for frame, customer in visit_rows(office.book, visits, office.first):
            records.add(party_records("visits", frame["客户名称"], frame["联系电话"], customer))
            yield frame

    target = CsvTarget("visits/visits.csv", "utf-8-sig", visits.customer.size, VISIT_BLEMISHES)
    return export_csv(office, target, frames())


class _WaybillParts:
    """Collects blocks of waybills and writes a part as soon as it has BLOCKS_PER_PART of them."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._waiting: list[pl.DataFrame] = []
        self._files: list[GeneratedFile] = []
        self._malformed = [nothing_spoilt()]

    def add(self, frame: pl.DataFrame) -> None:
        self._waiting.append(frame)
        if len(self._waiting) == BLOCKS_PER_PART:
            self._write()

    def finish(self) -> Export:
        if self._waiting:
            self._write()
        return Export(tuple(self._files), pl.concat(self._malformed))

    def _write(self) -> None:
        frame = pl.concat(self._waiting)
        path = f"tms/waybills-{len(self._files) + 1:04}.parquet"
        spoilt = spoilt_rows(stream(self._office.book.seed, path), frame.height, WAYBILL_BLEMISHES)
        spoilt.applied(frame).write_parquet(self._office.folder / path, compression="zstd")
        self._files.append(GeneratedFile(path, frame.height, len(spoilt.rows)))
        self._malformed.append(spoilt.listed(path, first_line=1))
        self._waiting = []
