"""The query page: local files only, each what it must be, and the queries it opens with."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from graphql import OperationDefinitionNode, parse
from sqlalchemy import Engine

from kehu_graphql.ide.assets import ASSETS, ASSETS_DIR, wrong_assets
from kehu_graphql.ide.install import install
from kehu_graphql.ide.page import example_queries, ide_page

Serving = Callable[[Engine], AbstractContextManager[httpx.Client]]
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=10000",
    "--window-size=1400,900",
)
DEFINITIONS = parse(example_queries()).definitions
OPERATIONS = [node.name.value for node in DEFINITIONS if isinstance(node, OperationDefinitionNode) and node.name]


@pytest.fixture(scope="module")
def assets() -> None:
    """The page's files, installed as set-up installs them."""
    install()


@pytest.fixture
def page(assets: None, serving: Serving, sqlite_database: Engine) -> Iterator[tuple[httpx.Client, str]]:
    """A client of a server that found the files, and the page as a browser gets it."""
    with serving(sqlite_database) as client:
        response = client.get("/graphql", headers=BROWSER)
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        yield client, response.text


def test_every_address_in_the_page_is_local_and_served_as_pinned(page: tuple[httpx.Client, str]) -> None:
    client, text = page
    pinned = {asset.name: asset.integrity for asset in ASSETS}
    links = re.findall(r'(?:src|href)="(/[^"]+)"(?: integrity="([^"]+)")?', text)
    assert re.findall(r'(?:src|href)="(?!/)([^"]+)"', text) == ["data:,"]
    assert not re.search(r"https?:|//", text.replace("@", ""))
    assert len(links) == 8
    for address, integrity in links:
        assert client.get(address).status_code == 200
        if address.startswith("/ide/assets/"):
            assert integrity == pinned[Path(address).name]
    assert wrong_assets(ASSETS_DIR) == ()


def test_the_title_is_text_and_not_markup(page: tuple[httpx.Client, str]) -> None:
    assert "<title>Small &lt;carrier&gt;</title>" in page[1]
    assert "<carrier>" not in page[1]


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_query_the_page_opens_with_is_answered(client: httpx.Client, name: str) -> None:
    response = client.post("/graphql", json={"query": example_queries(), "operationName": name})
    assert list(response.json()) == ["data"]


def test_the_page_opens_with_three_queries() -> None:
    assert OPERATIONS == ["Segments", "Customers", "Warnings"]


@pytest.mark.parametrize(
    ("_case", "accept"),
    [("a tool", "application/json"), ("anything", "*/*"), ("both, JSON first", "application/json, text/html;q=0.5")],
)
def test_tools_get_no_page(client: httpx.Client, _case: str, accept: str) -> None:
    response = client.get("/graphql", headers={"accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (400, "application/json")


def test_without_its_files_the_page_says_how_to_install_them(tmp_path: Path) -> None:
    text = ide_page("A <b>", "/graphql", tmp_path)
    assert "python -m kehu_graphql.ide.install" in text
    assert "<title>A &lt;b&gt;</title>" in text
    assert "<script" not in text


def test_a_file_that_was_changed_is_found(assets: None, tmp_path: Path) -> None:
    shutil.copytree(ASSETS_DIR, tmp_path / "assets")
    assert install(tmp_path / "assets") is False
    (tmp_path / "assets" / "react.js").write_text("changed", encoding="utf-8")
    (tmp_path / "assets" / "graphiql.css").unlink()
    assert wrong_assets(tmp_path / "assets") == ("react.js", "graphiql.css")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium")
def test_a_browser_without_internet_shows_the_editor(page: tuple[httpx.Client, str], tmp_path: Path) -> None:
    address = str(page[0].base_url.join("/graphql"))
    command = [str(CHROMIUM), *CHROMIUM_FLAGS, f"--user-data-dir={tmp_path}", "--dump-dom", address]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "graphiql-container" in shown
    assert "Small &lt;carrier&gt;" in shown
    assert re.search(r"<span[^>]*>Segments</span>", shown)
