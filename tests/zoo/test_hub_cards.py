"""The metadata of a card on the Hub states what the entry states, and nothing else."""

import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.tasks import TASKS
from kerasnlp_zoo.zoo.addresses import Address
from kerasnlp_zoo.zoo.cards import card, read_metrics, without_metadata
from kerasnlp_zoo.zoo.folders import packaged_entries
from kerasnlp_zoo.zoo.hub_cards import PIPELINES, hub_card
from tests.small_tasks import TEXTS

yaml = pytest.importorskip("yaml", reason="the extra hub is not installed")
ADDRESS = Address("team/name", "v1")


def metadata(config, metrics):
    text = hub_card(config, metrics, 1.0, ADDRESS)
    return yaml.safe_load(text.split("---\n", 2)[1])


@pytest.mark.parametrize("name", packaged_entries())
def test_every_packaged_entry_has_a_card(name):
    pytest.importorskip("huggingface_hub")
    config, metrics = zoo.read_config(name), read_metrics(zoo.find(name))
    found = metadata(config, metrics)
    assert found["language"][0] == config["language"]
    assert found["license"] == config["weights_licence"].lower()
    text = hub_card(config, metrics, 1.0, ADDRESS)
    assert without_metadata(text) == card(config, metrics, 1.0, "hf://team/name@v1")
    scores = [result["metrics"][0]["value"] for index in found.get("model-index", ()) for result in index["results"]]
    assert scores in ([], [metrics["test_score"]])


def test_every_task_has_a_kind_of_the_hub():
    assert PIPELINES.keys() == TASKS.keys()


def test_what_is_unknown_is_not_stated():
    pytest.importorskip("huggingface_hub")
    config = zoo.read_config("text_cnn_trec_en")
    del config["weights_licence"]
    found = metadata({**config, "data": {"name": "评论.csv: a file"}}, {})
    assert found["license"] == "unknown"
    assert not found.keys() & {"datasets", "metrics", "model-index"}
    limited = metadata({**config, "weights_licence": "research only, not for commercial use"}, {})
    assert (limited["license"], limited["license_name"]) == ("other", "research-only-not-for-commercial-use")


def test_a_card_without_metadata_is_unchanged():
    for text in ("# title\n\n---\n\ntext\n", "---\nno end", "", *TEXTS):
        assert without_metadata(text) == text
