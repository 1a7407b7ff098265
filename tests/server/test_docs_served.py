"""The docs as they are served: every page, every link and every anchor in them leads somewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
import requests
import yaml

from connectors.server.docs.markdown import render
from connectors.server.docs.sources import found, sources
from connectors.server.public import public_url
from tests.server.conftest import Served

ROOT = Path(__file__).parents[2]
ADDRESSES = ["/docs/", "/docs/no-such-page", *(f"/docs/{name}" for name in sources().pages)]


class Page(HTMLParser):
    """What a page links to and what can be linked to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.titles = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.titles += tag == "h1"
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given[name] or "" for name in ("href", "src") if name in given]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """No page asks the store, so one is enough."""
    return f"sqlite:///{tmp_path}/one.db"


@pytest.fixture
def read(served: Served):
    """Reads an address as anybody can, once."""
    kept: dict[str, requests.Response] = {}

    def get(address: str) -> requests.Response:
        if address not in kept:
            kept[address] = served.session.get(urljoin(served.url, address), timeout=30)
        return kept[address]

    return get


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return {**settings, "CONNECTORS_RATE_LIMIT": "100000"}


def dead(page: Page, at: str, read, url: str) -> list[str]:
    broken = []
    for link in page.links:
        target, anchor = urldefrag(urljoin(url + at, link))
        if not target.startswith(url):
            broken += [] if urlsplit(target).scheme == "https" else [link]
            continue
        answer = read(target.removeprefix(url) or "/")
        there = answer.status_code == 200 or target == url + at
        is_page = answer.headers["Content-Type"].startswith("text/html")
        if not there or (anchor and (not is_page or unquote(anchor) not in Page(answer.text).ids)):
            broken.append(link)
    return broken


def test_every_link_and_anchor_of_every_page_works(served, read):
    broken = {at: dead(Page(read(at).text), at, read, served.url) for at in ADDRESSES}
    assert {at: links for at, links in broken.items() if links} == {}


def test_every_page_has_one_title_and_each_anchor_once(read):
    pages = {at: Page(read(at).text) for at in ADDRESSES}
    assert {at: page.titles for at, page in pages.items() if page.titles != 1} == {}
    assert {at: page.ids for at, page in pages.items() if len(set(page.ids)) != len(page.ids)} == {}


def test_every_field_of_a_definition_finds_its_section_in_the_served_guide(read):
    definitions = yaml.safe_load((ROOT / "providers.yaml").read_text("utf-8"))
    named = [
        (definition["docs_connect"], field["doc_section"])
        for definition in definitions.values()
        for field in (definition["connection_config"] | definition["credentials"]).values()
        if "doc_section" in field
    ]
    assert named
    for guide, section in named:
        assert section.removeprefix("#") in Page(read(guide).text).ids


def test_the_markdown_of_every_page_is_served_with_links_that_work(served, read):
    broken = []
    for at in ["/llms.txt", *(f"/docs/{name}.md" for name in sources().pages)]:
        answer = read(at)
        assert answer.headers["Content-Type"].startswith("text/plain" if at == "/llms.txt" else "text/markdown")
        prose = re.sub(r"^```.*?^```", "", answer.text, flags=re.DOTALL | re.MULTILINE)
        for link in re.findall(r"\]\(([^)\s#]+)[^)]*\)", re.sub(r"`[^`]*`", "", prose)):
            ours = link.startswith(public_url(served.host))
            if (ours and read(urlsplit(link).path).status_code != 200) or not (
                ours or link.startswith("https://") or link == "LICENSE"
            ):
                broken.append((at, link))
    assert broken == []


def test_the_index_for_programs_names_every_page(served, read):
    text = read("/llms.txt").text
    assert [name for name in sources().pages if f"({public_url(served.host)}/docs/{name}.md)" not in text] == []


def test_an_address_without_a_page_is_answered_by_a_page_that_says_so(read):
    answer = read("/docs/no-such-page")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert "/docs/settings" in answer.text


@pytest.mark.parametrize(
    "way",
    [
        "../pyproject.toml",
        "..%2fpyproject.toml",
        "%2e%2e/pyproject.toml",
        "/etc/passwd",
        "settings.md/../../README",
        "llms.txt",
        "\0",
    ],
)
def test_nothing_but_pages_can_be_read(served, way):
    request = requests.Request("GET", served.url).prepare()
    request.url = f"{served.url}/docs/{way}"
    assert served.session.send(request, timeout=10).status_code in (400, 404)


def test_a_page_may_be_read_by_nobody_elses_page_and_framed_by_nobody(read):
    for at in ("/docs/", "/docs/api", "/docs/settings"):
        headers = read(at).headers
        assert "Access-Control-Allow-Origin" not in headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]


class TestBehindAPath:
    @pytest.fixture
    def settings(self, settings):
        return {**settings, "CONNECTORS_PUBLIC_URL": "https://example.com/tools"}

    def test_every_link_begins_with_it(self, read):
        for at in ("/docs/", "/docs/settings", "/docs/api"):
            links = [link for link in Page(read(at).text).links if link.startswith("/")]
            assert links
            assert [link for link in links if not link.startswith("/tools/")] == []
        assert "](https://example.com/tools/docs/settings.md)" in read("/llms.txt").text


def test_html_in_a_page_is_shown_and_not_run():
    shown = render("# A <script>alert(1)</script>\n\n<img src=x onerror=y>\n\n[x](javascript:y)\n", lambda link: link)
    assert "<script" not in shown.html
    assert "<img" not in shown.html
    assert "href" not in shown.html


def test_a_link_to_what_is_not_served_keeps_its_words(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# A\n\n[the code](../src/a.py), [B `b`](b.md#c), [here](#a)\n")
    (tmp_path / "docs" / "b.md").write_text("# B\n")
    held = found(tmp_path)
    shown = render(held.text("docs/a.md"), lambda link: held.served(link, path="docs/a.md"))
    assert "<p>the code, " in shown.html
    assert '<a href="/docs/b#c">B <code>b</code></a>' in shown.html
    assert '<a href="#a">here</a>' in shown.html
