import shutil
from pathlib import Path

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.convert import write_huggingface
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training import (
    FineTuningConfig,
    classification_metrics,
    compile_for_fine_tuning,
    cross_entropy,
    load_encoder,
    trainable_summary,
)
from kerasnlp_zoo.zoo.hub import forget
from tests.small_tasks import LABELS, TEXTS, sentence_similarity


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return str(zoo.save(sentence_similarity(), tmp_path_factory.mktemp("entries") / "tiny_en"))


def loaded(encoder, **flags):
    """Return the flags, the task and its weights."""
    config = FineTuningConfig(pretrained=encoder, epochs=1, batch_size=4, max_sequence_length=64, **flags)
    task = load_encoder(config, "text_classification", ["negative", "positive"])
    return config, task, {weight.path: np.array(weight) for weight in task.model.weights}


def trained(encoder, **flags):
    """Fine-tune for one epoch. Return the task and its previous weights."""
    config, task, before = loaded(encoder, **flags)
    compile_for_fine_tuning(config, task.model, cross_entropy, classification_metrics(), len(TEXTS))
    dataset = task.dataset(TEXTS, LABELS, config.batch_size, training=True)
    task.model.fit(dataset, shuffle=False, verbose=0)
    return task, before


def test_a_frozen_encoder_does_not_change(encoder):
    task, before = trained(encoder, freeze_encoder=True, learning_rate=0.1)
    for weight in task.model.weights:
        is_same = np.array_equal(before[weight.path], weight)
        assert is_same == (not weight.path.startswith("logits"))
    assert trainable_summary(task.model).endswith("; 18 are trained (1.2%)")


def test_fine_tuning_starts_from_the_pretrained_weights(encoder):
    saved = {weight.path: np.asarray(weight) for weight in zoo.load(encoder).model.weights}
    *_, before = loaded(encoder)
    assert all(np.array_equal(before[path], values) for path, values in saved.items())
    *_, random = loaded(encoder, random_weights=True)
    assert not np.array_equal(random["token_embedding/embeddings"], saved["token_embedding/embeddings"])


@pytest.mark.slow
def test_weight_decay_applies_only_to_kernels(encoder):
    task, _ = trained(encoder)
    decayed = {weight.path for weight in task.model.trainable_weights if task.model.optimizer._use_weight_decay(weight)}
    assert decayed == {weight.path for weight in task.model.trainable_weights if weight.path.endswith("kernel")}


@pytest.mark.slow
def test_accumulated_gradients_take_one_step_per_several_batches(encoder):
    task, _ = trained(encoder, accumulate_steps=3)
    assert int(task.model.optimizer.iterations) == 1
    assert int(trained(encoder)[0].model.optimizer.iterations) == 3


def test_the_preprocessor_follows_the_flags(encoder):
    config = FineTuningConfig(pretrained=encoder, max_sequence_length=33)
    preprocessor = load_encoder(config, "text_classification", ["a", "b"], pairs=True).preprocessor
    assert (preprocessor.max_sequence_length, preprocessor.pairs) == (33, True)


def test_an_encoder_with_fewer_positions_determines_the_length(encoder, capsys):
    positions = zoo.load(encoder).model.builder_config["arguments"]["max_sequence_length"]
    config = FineTuningConfig(pretrained=encoder, max_sequence_length=positions + 30)
    task = load_encoder(config, "text_classification", ["negative", "positive"])
    assert task.preprocessor.max_sequence_length == positions
    assert f"{positions} tokens of a text are read, as" in capsys.readouterr().out
    assert task.predict(["a film " * 4 * positions])[0]["truncated"]


def test_lora_changes_to_an_entry_of_the_hub_name_its_commit(hub, encoder, tmp_path):
    commit = hub.add("team/tiny", Path(encoder)).branches["main"]
    _, task, _ = loaded("hf://team/tiny", lora_rank=2)
    entry = zoo.save(task, tmp_path / "changes")
    assert zoo.read_config(entry)["base"]["name"] == f"hf://team/tiny@{commit}"
    assert zoo.load(entry).predict(TEXTS)[0]["label"] == task.predict(TEXTS)[0]["label"]
    del hub.repositories["team/tiny"]
    shutil.rmtree(tmp_path / "hub_cache")
    forget()
    with pytest.raises(InputError, match=f"changes needs the entry 'hf://team/tiny@{commit}', .*There is no repo"):
        zoo.load(entry)


def test_lora_needs_an_entry_with_all_weights(encoder, tmp_path):
    _, task, _ = loaded(encoder, lora_rank=2)
    changes = str(zoo.save(task, tmp_path / "changes"))
    with pytest.raises(InputError, match=f"{changes} contains only changes to {encoder}. Use --pretrained {encoder}"):
        loaded(changes, lora_rank=2)
    zoo.save(zoo.load(changes), tmp_path / "merged")
    loaded(str(tmp_path / "merged"), lora_rank=2)
    write_huggingface(sentence_similarity(), tmp_path / "theirs")
    with pytest.raises(InputError, match="is a folder from Hugging Face, not an entry.*kerasnlp-zoo convert writes an"):
        loaded(str(tmp_path / "theirs"), lora_rank=2)
