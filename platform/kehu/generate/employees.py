"""The carrier's own people, and which of them looks after which customer."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from kehu.generate.dice import Flags, Ints, chance, pick, stream
from kehu.generate.naming import STAFF_SLOT, person_names
from kehu.generate.phones import mobiles
from kehu.generate.population import LARGE, MEDIUM, Population

SALES, KEY_ACCOUNTS, SERVICE = 0, 1, 2
STAFF, SENIOR, MANAGER, EXECUTIVE = range(4)
_DEPARTMENTS = ("客户部", "大客户部", "客服中心", "运营部", "财务部", "市场部")
_RANKS = ("员工", "资深", "经理", "高管")
_DEPARTMENT_SHARES = (0.42, 0.12, 0.26, 0.10, 0.05, 0.05)
_RANK_SHARES = (0.62, 0.24, 0.11, 0.03)
_CUSTOMERS_EACH = 150
_FEWEST = 24
_LEFT_SHARE = 0.06
_NO_OWNER_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Staff:
    """Equal-length columns, one entry per employee; `number` is the text the departments use."""

    department: Ints
    rank: Ints
    is_active: Flags
    number: pl.Series

    def those(self, departments: tuple[int, ...], ranks: tuple[int, ...]) -> Ints:
        """The employees of these departments and ranks; everyone when there is none."""
        found = np.flatnonzero(np.isin(self.department, departments) & np.isin(self.rank, ranks))
        return found if found.size else np.arange(self.rank.size)


def hire(customers: int, seed: int) -> Staff:
    """One employee for every 150 customers, at least 24; the first 24 fill every department and rank."""
    size = max(_FEWEST, customers // _CUSTOMERS_EACH)
    rng = stream(seed, "staff")
    department, rank = pick(rng, _DEPARTMENT_SHARES, size), pick(rng, _RANK_SHARES, size)
    everyone = np.arange(_FEWEST)
    department[:_FEWEST], rank[:_FEWEST] = everyone % len(_DEPARTMENTS), everyone // len(_DEPARTMENTS)
    is_active = rng.random(size) >= _LEFT_SHARE
    is_active[:_FEWEST] = True
    number = "E" + pl.Series(np.arange(10_001, 10_001 + size)).cast(pl.String)
    return Staff(department, rank, is_active, number)


def employee_rows(staff: Staff, customers: int, seed: int) -> pl.DataFrame:
    """The employee list as personnel exports it."""
    rng = stream(seed, "employees")
    size = staff.rank.size
    return pl.DataFrame(
        {
            "工号": staff.number,
            "姓名": person_names(rng, size),
            "部门": pl.Series(_DEPARTMENTS).gather(staff.department),
            "职级": pl.Series(_RANKS).gather(staff.rank),
            "在职": pl.Series(["否", "是"]).gather(staff.is_active.astype(np.int64)),
            "手机": mobiles(seed, np.arange(size) + customers * STAFF_SLOT),
            "邮箱": pl.select(pl.format("{}@carrier.example.com", staff.number.str.to_lowercase())).to_series(),
        }
    )


def account_managers(population: Population, staff: Staff, seed: int) -> Ints:
    """The employee who looks after each customer, -1 for nobody.

    Large customers have managers and executives, medium ones senior people, the others staff.
    """
    rng = stream(seed, "account-managers")
    books = (
        (population.size == LARGE, staff.those((SALES, KEY_ACCOUNTS), (MANAGER, EXECUTIVE))),
        (population.size == MEDIUM, staff.those((SALES, KEY_ACCOUNTS), (SENIOR,))),
        (population.size < MEDIUM, staff.those((SALES,), (STAFF,))),
    )
    drawn = rng.random(population.customers)
    manager = np.full(population.customers, -1, dtype=np.int64)
    for customers, candidates in books:
        manager[customers] = candidates[(drawn[customers] * candidates.size).astype(np.int64)]
    nobody = chance(rng, population.customers, _NO_OWNER_SHARE) & (population.size < LARGE)
    manager[nobody | ~population.in_crm] = -1
    return manager
