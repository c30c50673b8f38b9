"""The settings of the Transformer module of sentence-transformers: the length of texts and their case."""

from pathlib import Path

from kerasnlp_zoo.convert.configs import read_object
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.types import Config

FILES = ("sentence_bert_config.json", "sentence_distilbert_config.json")  # the second in old folders of DistilBERT
# Task of the module -> the other settings that version 5.4 and later write for it.
TASKS = {
    "feature-extraction": {"method_output_name": "last_hidden_state", "module_output_name": "token_embeddings"},
    "sequence-classification": {"method_output_name": "logits", "module_output_name": "scores"},
}
READ = ("max_seq_length", "do_lower_case")
CHECKED = ("transformer_task", "modality_config", "module_output_name")
WITHOUT_EFFECT = ("unpad_inputs",)  # removes padding to save time


def read_sentence_settings(folder: Path) -> Config:
    """Return the settings max_seq_length and do_lower_case of a folder, as far as it has them.

    Raises:
        InputError: if another setting changes the vectors, or the file is damaged.
    """
    path = next((folder / name for name in FILES if (folder / name).exists()), None)
    if path is None:
        return {}
    config = read_object(path)
    task = config.get("transformer_task", "feature-extraction")
    require_choice(f"transformer_task in {path}", task, tuple(TASKS))
    output = TASKS[task]["method_output_name"]
    modalities = {"text": {"method": "forward", "method_output_name": output}}
    require_choice(f"modality_config in {path}", config.get("modality_config", modalities), (modalities,))
    name = TASKS[task]["module_output_name"]
    require_choice(f"module_output_name in {path}", config.get("module_output_name", name), (name,))
    known = (*READ, *CHECKED, *WITHOUT_EFFECT)
    # A setting that is null or {} has its default value.
    if unknown := sorted(key for key, value in config.items() if key not in known and value):
        raise InputError(
            f"{path} has settings that are not supported: {', '.join(unknown)[:200]}. Expected: {', '.join(known)}. "
            "Remove them if they do not change the vectors"
        )
    return {key: config[key] for key in READ if key in config}
