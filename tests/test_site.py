"""The site is built as CONTRIBUTING.md says; every link within it leads to something."""

import html.parser
import os
import re
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest

pytest.importorskip("sphinx")
pytestmark = pytest.mark.slow
TREE = Path(__file__).resolve().parents[1]


class Page(html.parser.HTMLParser):
    """The links of a page, and the names that links can lead to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.names = [], set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append(value)
            if name in ("id", "name") and value:
                self.names.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site; warnings are errors."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "docs", str(folder)]
    built = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


def test_every_link_within_the_site_leads_to_a_file_and_a_place(site):
    pages = {path: Page(path) for path in site.rglob("*.html")}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            url = urllib.parse.urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(url.path)).resolve() if url.path else path
            fragment = urllib.parse.unquote(url.fragment)
            if not target.exists() or (target in pages and fragment and fragment not in pages[target].names):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert len(pages) > 100  # of documentation, of the reference and of the source
    assert not broken


def test_pages_need_no_other_host(site):
    loaded = [
        link
        for path in site.rglob("*.html")
        for link in Page(path).links
        if urllib.parse.urlsplit(link).scheme and link.rpartition(".")[2] in ("js", "css", "woff2", "png", "svg")
    ]
    assert not loaded


def test_formulas_and_pictures_of_models_are_in_the_pages(site):
    page = (site / "families" / "text_cnn.html").read_text("utf-8")
    assert "<math" in page
    assert "Layers of text_cnn" in page
    line = 1 + (TREE / "kerasnlp_zoo" / "layers" / "pooling.py").read_text("utf-8").split("class MaxOverTime")[0].count(
        "\n"
    )
    assert f"source/kerasnlp_zoo/layers/pooling.py.html#L-{line}" in page


def test_every_equation_leads_to_the_lines_of_its_code_and_of_its_test(site):
    links = [link for path in (site / "families").glob("*.html") for link in Page(path).links]
    lines = [link for link in links if re.search(r"\.py\.html#L-\d+$", link)]
    assert len([link for link in lines if "/tests/" in link]) > 150
    assert len([link for link in lines if "/kerasnlp_zoo/" in link]) > 150


def test_the_reference_leads_to_the_source(site):
    page = Page(site / "reference" / "layers.html")
    assert any(link.startswith("../source/kerasnlp_zoo/layers/crf.py.html#L-") for link in page.links)


def test_the_search_finds_a_class_of_the_reference(site):
    assert "TextConvolution".lower() in (site / "searchindex.js").read_text("utf-8").lower()


def test_a_link_to_a_definition_that_does_not_exist_is_an_error(tmp_path):
    sources = tmp_path / "docs"
    sources.mkdir()
    path = os.path.relpath(TREE / "kerasnlp_zoo" / "errors.py", sources)
    (sources / "index.md").write_text(f"# A\n\n[x]({path}#InputError) [y]({path}#no_such_function)\n")
    (sources / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(TREE / 'docs' / 'extensions')!r})\n"
        "extensions = ['myst_nb', 'source_pages']\n"
        "linkcode_resolve = lambda domain, info: None\n"
    )
    command = [sys.executable, "-m", "sphinx", "-q", "-W", str(sources), str(tmp_path / "site")]
    built = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False)
    assert built.returncode != 0
    assert "kerasnlp_zoo/errors.py has no definition no_such_function" in built.stderr
    assert "InputError" not in built.stderr
