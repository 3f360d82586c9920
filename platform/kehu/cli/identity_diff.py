"""What other rules of identity would do, as tables for people."""

from collections.abc import Sequence

from kehu.cli.output import say, show_table
from kehu.identity.differences import IdentityDifference, Named, Regrouping
from kehu.identity.golden import CHOSEN_BY


def show_identity(found: IdentityDifference) -> None:
    """Who would merge or part and by which key, which values would change, and how many in all."""
    _show("Would be one customer", "because of", found.merges)
    _show("Would be several customers", "was one because of", found.partings)
    if found.value_samples:
        rows = [
            (each.field, each.customer.uid, each.customer.name, each.before, each.now, _rule(each.rule))
            for each in found.value_samples
        ]
        show_table("Values that would change", ("field", "uid", "name", "before", "now", "chosen by"), rows)
    counted = ", ".join(f"{field} of {number:,}" for field, number in found.values.items()) or "no value"
    say(
        f"identity: {found.customers_before:,} customers would be {found.customers_now:,}: "
        f"{found.merged:,} go into others, {found.parted:,} part; of those that stay {counted} would change"
    )


def _show(title: str, because: str, many: Sequence[Regrouping]) -> None:
    if many:
        rows = [
            (_named(each.one), "; ".join(map(_named, each.several)), f"{each.key or 'a decision'} {each.value or ''}")
            for each in many
        ]
        show_table(title, ("one", "several", because), rows)


def _named(customer: Named) -> str:
    return f"{customer.name} ({customer.uid})"


def _rule(rule: str | None) -> str | None:
    return None if rule is None else CHOSEN_BY[rule].en
