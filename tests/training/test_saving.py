"""The licence of an entry follows from its data and from the weights that training started from."""

import json
import types

import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.training.saving import licence_facts
from tests.small_tasks import word_embedding

DATA = types.SimpleNamespace(name="own", licence="CC-BY", commercial_use="yes")


@pytest.fixture
def research_only(tmp_path):
    folder = zoo.save(word_embedding(), tmp_path / "vectors", weights_licence="research only", commercial_use="no")
    return str(folder)


@pytest.mark.parametrize("flag", ["pretrained", "embeddings", "from_entry"])
def test_weights_from_weights_without_commercial_use_have_none(research_only, flag):
    facts = licence_facts(types.SimpleNamespace(**{flag: research_only}), DATA)
    assert facts["commercial_use"] == "no"
    assert "research only" in facts["weights_licence"]


def test_random_weights_do_not_inherit_a_licence(research_only):
    config = types.SimpleNamespace(pretrained=research_only, random_weights=True)
    assert licence_facts(config, DATA) == {"weights_licence": "Apache-2.0", "commercial_use": "yes"}


def test_files_and_folders_of_others_change_nothing(tmp_path):
    (tmp_path / "vectors.txt").write_text("tea 1 2\n")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    config = types.SimpleNamespace(embeddings=str(tmp_path / "vectors.txt"), pretrained=str(tmp_path), from_entry=None)
    assert licence_facts(config, DATA)["commercial_use"] == "yes"
