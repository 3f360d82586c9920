"""The page itself: local files only, opened with example queries."""

from html import escape
from pathlib import Path

from kehu_graphql.ide.assets import ASSETS, ASSETS_DIR, INSTALL_COMMAND

STATIC_DIR = Path(__file__).parent / "static"
ASSETS_URL = "/ide/assets"
STATIC_URL = "/ide/static"
_SCRIPTS = ("react.js", "react-dom.js", "graphiql.js", "explorer.js")
_STYLES = ("graphiql.css", "explorer.css")
# GraphiQL sets styles on elements and draws its icons as data; nothing may come from elsewhere.
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:"


def ide_page(title: str, endpoint: str, assets: Path = ASSETS_DIR) -> str:
    """The page, or, while its files are not installed, one that says how to install them."""
    if any(not (assets / name).is_file() for name in (*_SCRIPTS, *_STYLES)):
        return _filled("missing.html", title=escape(title), command=INSTALL_COMMAND, endpoint=escape(endpoint))
    integrity = {asset.name: asset.integrity for asset in ASSETS}
    styles = [f'<link rel="stylesheet" href="{ASSETS_URL}/{name}" integrity="{integrity[name]}">' for name in _STYLES]
    scripts = [f'<script src="{ASSETS_URL}/{name}" integrity="{integrity[name]}"></script>' for name in _SCRIPTS]
    return _filled(
        "page.html",
        title=escape(title),
        policy=escape(POLICY),
        endpoint=escape(endpoint),
        styles="\n    ".join(styles),
        scripts="\n    ".join(scripts),
        static=STATIC_URL,
        examples=escape(example_queries()),
    )


def example_queries() -> str:
    """What the page opens with: one document of several named queries."""
    return (STATIC_DIR / "examples.graphql").read_text(encoding="utf-8")


def _filled(name: str, **values: str) -> str:
    text = (STATIC_DIR / name).read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text
