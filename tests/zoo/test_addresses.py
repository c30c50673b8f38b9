"""Addresses are checked before anything is sent."""

import sys

import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.zoo.addresses import Address, parse_address

WRONG = [
    "hf:team/name",
    "hf://",
    "hf://name",
    "hf:///name",
    "hf://team/",
    "hf://team/na me",
    "hf://team/..",
    "hf://../../etc",
    "hf://team/name--x",
    "hf://team/name.git",
    "hf://team/name@",
    "hf://team/name@..",
    "hf://team/name@-x",
    "hf://team/name@a b",
    "hf://team/name@%2E%2E%2Fx",
    "hf://team/name@branch/part",
    "hf://team/name/model.safetensors",
    "hf://datasets/team/name",
    "hf://team/评论",
]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_address_is_refused_without_a_request(hub, name):
    with pytest.raises(InputError, match="is no address of an entry. Expected hf://organisation/name, or"):
        zoo.find(name)
    assert hub.requests == []


@pytest.mark.parametrize("revision", [None, "v1", "main", "a" * 40, "refs/pr/3", "team/branch", "分支"])
def test_an_address_is_read_as_it_is_written(revision):
    pytest.importorskip("huggingface_hub")
    address = Address("team/name.v2-x_3", revision)
    assert parse_address(str(address)) == address


def test_without_huggingface_hub_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InputError, match=r'Install it: pip install "kerasnlp-zoo\[hub\]"'):
        zoo.find("hf://team/name")
