"""The files the page is made of: where each comes from, and what it must be byte for byte."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

ASSETS_DIR = Path(__file__).parent / "assets"
INSTALL_COMMAND = "python -m kehu_graphql.ide.install"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of a pinned npm package, served under `name`; `sha384` is its digest in base64."""

    name: str
    package_path: str
    sha384: str

    @property
    def integrity(self) -> str:
        """As browsers check it: https://www.w3.org/TR/SRI/."""
        return f"sha384-{self.sha384}"


ASSETS: tuple[Asset, ...] = (
    Asset(
        "react.js",
        "react/umd/react.production.min.js",
        "tMH8h3BGESGckSAVGZ82T9n90ztNXxvdwvdM6UoR56cYcf+0iGXBliJ29D+wZ/x8",
    ),
    Asset(
        "react-dom.js",
        "react-dom/umd/react-dom.production.min.js",
        "bm7MnzvK++ykSwVJ2tynSE5TRdN+xL418osEVF2DE/L/gfWHj91J2Sphe582B1Bh",
    ),
    Asset(
        "graphiql.css",
        "graphiql/graphiql.min.css",
        "Mq3vbRBY71jfjQAt/DcjxUIYY33ksal4cgdRt9U/hNPvHBCaT2JfJ/PTRiPKf0aM",
    ),
    Asset(
        "graphiql.js",
        "graphiql/graphiql.min.js",
        "HbRVEFG0JGJZeAHCJ9Xm2+tpknBQ7QZmNlO/DgZtkZ0aJSypT96YYGRNod99l9Ie",
    ),
    Asset(
        "explorer.css",
        "@graphiql/plugin-explorer/dist/style.css",
        "5DFJlDPW2tSATRbM8kzoP1j194jexLswuNmClWoRr2Q0x7R68JIQzPHZ02Faktwi",
    ),
    Asset(
        "explorer.js",
        "@graphiql/plugin-explorer/dist/index.umd.js",
        "2oonKe47vfHIZnmB6ZZ10vl7T0Y+qrHQF2cmNTaFDuPshpKqpUMGMc9jgj9MLDZ9",
    ),
    Asset(
        "LICENSE-graphiql.txt", "graphiql/LICENSE", "9JPX1agGTIUB7wtQt2kO3PUO7clmCJp+9e50VMjw1yd8briI77AZnMDBz5VcerBH"
    ),
    Asset("LICENSE-react.txt", "react/LICENSE", "dIN5gxuW3odCH42AKpxql36fRQlrVsjCi4EJgGC2Ty8Ihkcq9cdrChEZpKhSAfks"),
)


def wrong_assets(folder: Path) -> tuple[str, ...]:
    """Names of files that are missing or not what they must be; empty when all is installed."""
    return tuple(asset.name for asset in ASSETS if _digest(folder / asset.name) != asset.sha384)


def _digest(file: Path) -> str | None:
    if not file.is_file():
        return None
    return base64.b64encode(hashlib.sha384(file.read_bytes()).digest()).decode()
