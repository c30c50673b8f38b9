"""Mistakes in the command are reported in a line that says what to do."""

import sys

import pytest

from kerasnlp_zoo import cli
from kerasnlp_zoo.serving.installed import PACKAGES

ENTRY = "text_cnn_trec_en"


def message(monkeypatch, *arguments):
    """What the command ends with."""
    monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", "serve", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


@pytest.mark.parametrize("package", PACKAGES)
def test_a_missing_extra_is_reported_with_the_install_command(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    expected = f'kerasnlp-zoo: {package} is not installed: pip install "kerasnlp-zoo[serve]"'
    assert message(monkeypatch, ENTRY).startswith(expected)


@pytest.mark.parametrize("origin", ["example.com", "https://example.com/", "https://example.com/page", "**"])
def test_an_origin_that_is_none_is_refused(monkeypatch, origin):
    assert "--cors-origin is an origin such as https://example.com" in message(
        monkeypatch, ENTRY, "--cors-origin", origin
    )


def test_two_models_of_one_name_are_refused_with_how_to_rename(monkeypatch):
    assert f"{ENTRY}_2={ENTRY}" in message(monkeypatch, ENTRY, ENTRY)
