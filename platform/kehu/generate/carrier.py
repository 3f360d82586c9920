"""A whole carrier: its departments' files on the same customers, and the truth about them."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from kehu.generate import places
from kehu.generate.accounts import Accounts, open_accounts
from kehu.generate.calendar import COMPANY, HISTORY_DAYS
from kehu.generate.crm import SalesBook
from kehu.generate.departments import export_complaints, export_ledger, export_sales, export_visits, export_waybills
from kehu.generate.dice import stream
from kehu.generate.employees import account_managers, hire
from kehu.generate.folder import GeneratedFile, Request, complete, finished, stage
from kehu.generate.ledger import Ledger, open_finance_accounts
from kehu.generate.naming import directory
from kehu.generate.office import Export, Office, Progress
from kehu.generate.population import populate
from kehu.generate.tally import Tally, leavers, true_customers
from kehu.generate.tax_codes import tax_codes
from kehu.generate.truth import TrueRecords, account_records, waybill_parties
from kehu.model.problems import refuse_errors

DEFAULT_END = date(2026, 5, 31)


@dataclass(frozen=True, slots=True)
class GeneratedCarrier:
    """A complete carrier on disk; `files` are relative to `root`, truth included. `is_new` unless found finished."""

    root: Path
    files: tuple[GeneratedFile, ...]
    is_new: bool

    def rows(self, prefix: str) -> int:
        """The rows of all files whose path starts with `prefix`, such as "tms/"."""
        return sum(file.rows for file in self.files if file.path.startswith(prefix))


def generate(
    out: Path,
    *,
    customers: int,
    shipments: int,
    seed: int,
    end: date = DEFAULT_END,
    progress: Progress | None = None,
) -> GeneratedCarrier:
    """Write the exports of a carrier with so many true customers and waybills in the two years up to `end`.

    The same arguments give the same bytes. A folder that already holds this very carrier is left as it is. Raises
    RefusedError for numbers out of range and for a folder in use. An interrupted run leaves no manifest; the next one
    begins anew.
    """
    request = Request(customers, shipments, seed, end)
    refuse_errors(request.problems())
    found = finished(out, request)
    if found is not None:
        return GeneratedCarrier(out, found, is_new=False)
    files = _write(stage(out), request, progress or _tell_nobody)
    complete(out, request, files)
    return GeneratedCarrier(out, files, is_new=True)


def _tell_nobody(_stage: str, _done: int, _total: int) -> None:
    pass


def _write(folder: Path, request: Request, progress: Progress) -> tuple[GeneratedFile, ...]:
    first = request.end - timedelta(days=HISTORY_DAYS - 1)
    office = Office(folder, _open_book(request), first, progress)
    accounts = open_finance_accounts(office.book.population, request.seed)
    ledger, tally = Ledger(accounts, first), Tally(request.customers)
    with TrueRecords(folder / "truth/records.parquet") as records:
        sales = export_sales(office)
        waybills, grievances = export_waybills(office, request.shipments, ledger, tally)
        exports = (
            *sales,
            waybills,
            export_complaints(office, grievances, records),
            export_ledger(office, accounts, ledger),
            export_visits(office, records),
        )
        _record(office, accounts, tally, records)
    return tuple(file for export in exports for file in export.files) + _write_truth(office, exports, tally, records)


def _open_book(request: Request) -> SalesBook:
    population = populate(request.customers, request.seed)
    staff = hire(request.customers, request.seed)
    rng = stream(request.seed, "tax-codes")
    return SalesBook(
        population=population,
        directory=directory(population, request.seed),
        accounts=open_accounts(population, request.seed),
        staff=staff,
        manager=account_managers(population, staff, request.seed),
        tax_code=tax_codes(rng, places.ADMIN_CODES[population.city], population.kind == COMPANY),
        seed=request.seed,
    )


def _record(office: Office, accounts: Accounts, tally: Tally, records: TrueRecords) -> None:
    book = office.book
    records.add(account_records("crm", book.accounts.number, book.accounts.owner))
    records.add(account_records("finance", accounts.number, accounts.owner))
    for parties in waybill_parties(book.directory, tally):
        records.add(parties)


def _write_truth(
    office: Office, exports: tuple[Export, ...], tally: Tally, records: TrueRecords
) -> tuple[GeneratedFile, ...]:
    truth = office.folder / "truth"
    customers = true_customers(office.book.population, office.book.directory, tally, office.first)
    customers.write_parquet(truth / "customers.parquet", compression="zstd")
    churn = leavers(customers)
    churn.write_csv(truth / "churn.csv")
    malformed = pl.concat([export.malformed for export in exports])
    malformed.write_csv(truth / "malformed.csv")
    office.progress("truth", records.rows, records.rows)
    return (
        GeneratedFile("truth/customers.parquet", customers.height),
        GeneratedFile("truth/records.parquet", records.rows),
        GeneratedFile("truth/churn.csv", churn.height),
        GeneratedFile("truth/malformed.csv", malformed.height),
    )
