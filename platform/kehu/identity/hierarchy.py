"""Which customer is part of which, and who works where: what records claim, made one answer without circles."""

from dataclasses import dataclass

import polars as pl

from kehu.identity.components import on_circle
from kehu.model.feature_types import Label

UNKNOWN, AMBIGUOUS, ITSELF, OVERRULED, CIRCLE = "unknown", "ambiguous", "itself", "overruled", "circle"
# Why a link that a record claims is none, as users see it.
REFUSED_BECAUSE: dict[str, Label] = {
    UNKNOWN: Label("nobody is known by that", "没有这样的客户"),
    AMBIGUOUS: Label("it names several customers", "对应多个客户"),
    ITSELF: Label("it is the same customer", "指向客户自身"),
    OVERRULED: Label("another record says otherwise", "其他记录另有说法"),
    CIRCLE: Label("it leads back to the customer", "形成循环"),
}
CLAIMS_SCHEMA = {
    "record_id": pl.Int64(),
    "kind": pl.String(),
    "customer_id": pl.Int64(),
    "other_id": pl.Int64(),
    "named": pl.String(),
    "reason": pl.String(),
    "standing": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class Links:
    """`standing`: columns customer_id, kind, other_id, record_id. `refused`: record_id, kind, named, reason."""

    standing: pl.DataFrame
    refused: pl.DataFrame


def settled_links(claims: pl.DataFrame) -> Links:
    """One parent and one employer for each customer of those that its records claim, as CLAIMS_SCHEMA.

    `reason` says why the other customer was not found, else null; of several claims the one of the least `standing`
    counts. Every link of a circle is refused: which of them is wrong cannot be told.
    """
    itself = pl.when(pl.col("other_id") == pl.col("customer_id")).then(pl.lit(ITSELF))
    told = claims.with_columns(reason=pl.coalesce("reason", itself))
    fitting = told.filter(pl.col("reason").is_null()).sort("standing")
    best = fitting.unique(["customer_id", "kind"], keep="first", maintain_order=True)
    chosen = best.select("customer_id", "kind", best="other_id")
    others = fitting.join(chosen, on=["customer_id", "kind"]).filter(pl.col("other_id") != pl.col("best"))
    in_circle = best.with_columns(circle=_circles(best))
    circular = in_circle.filter("circle").with_columns(reason=pl.lit(CIRCLE))
    refused = [
        told.filter(pl.col("reason").is_not_null()),
        others.with_columns(reason=pl.lit(OVERRULED)),
        circular,
    ]
    shown = [each.select("record_id", "kind", "named", "reason") for each in refused]
    standing = in_circle.filter(~pl.col("circle")).select("customer_id", "kind", "other_id", "record_id")
    return Links(standing.sort("customer_id", "kind"), pl.concat(shown).sort("record_id", "kind"))


def _circles(links: pl.DataFrame) -> pl.Series:
    """Whether each link, at most one a customer and kind, lies on a circle of links of its kind."""
    found = pl.Series("circle", [False] * len(links), dtype=pl.Boolean)
    for kind in links["kind"].unique():
        own = (links["kind"] == kind).arg_true()
        found = found.scatter(own, _on_circles(links[own]))
    return found


def _on_circles(links: pl.DataFrame) -> pl.Series:
    nodes = pl.concat([links["customer_id"], links["other_id"].alias("customer_id")]).unique().sort()
    ends = [nodes.search_sorted(links[name]).to_numpy() for name in ("customer_id", "other_id")]
    return pl.Series(on_circle(len(nodes), *ends))
