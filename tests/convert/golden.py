"""A tiny BERT with random weights, and the outputs of Hugging Face's transformers for it.

The weights are drawn from a seed. The outputs are stored, so that tests can compare them where transformers is not
installed. Made by: PYTHONPATH=. python -m tests.convert.golden

Shapes: B texts, T tokens, D width, F width between dense layers, V vocabulary.
"""

import json
from pathlib import Path

import numpy as np

PEERS = 'peers are installed by hand: pip install "kerasnlp-zoo[peers]"'
STORED = Path(__file__).with_name("transformers_outputs.npz")
ACTIVATIONS = {"gelu": "gelu", "gelu_pytorch_tanh": "gelu_tanh"}  # their name: our name
V, D, F, LAYERS, POSITIONS, SEGMENTS = 30, 8, 12, 2, 9, 3
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"piece{number}" for number in range(V - 5))]
TOKEN_IDS = np.array([[2, 5, 4, 17, 29, 8, 3], [2, 9, 3, 11, 3, 0, 0], [2, 3, 0, 0, 0, 0, 0]], "int32")
SEGMENT_IDS = np.array([[0, 0, 0, 1, 1, 2, 1], [0, 0, 0, 1, 1, 0, 0], [0] * 7], "int32")
ARGUMENTS = {  # of the golden model, for a builder
    "vocabulary_size": V,
    "hidden_dim": D,
    "num_layers": LAYERS,
    "num_heads": 2,
    "intermediate_dim": F,
    "max_sequence_length": POSITIONS,
    "num_segments": SEGMENTS,
    "layer_norm_epsilon": 1e-2,
}


def config(hidden_act="gelu", architecture="BertForPreTraining", **more):
    """Return config.json."""
    return {
        "architectures": [architecture] if architecture else None,
        "model_type": "bert",
        "vocab_size": V,
        "hidden_size": D,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 2,
        "intermediate_size": F,
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": SEGMENTS,
        "hidden_act": hidden_act,
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "layer_norm_eps": 1e-2,  # large enough that an error is noticed
        "pad_token_id": 0,
        **more,
    }


def tensors(seed=0):
    """Return the weights of BertForPreTraining by their names in transformers, written out by hand."""
    random = np.random.default_rng(seed)

    def dense(name, inputs, outputs):
        return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}

    def norm(name):
        return {f"{name}.weight": (D,), f"{name}.bias": (D,)}

    shapes = {
        "bert.embeddings.word_embeddings.weight": (V, D),
        "bert.embeddings.position_embeddings.weight": (POSITIONS, D),
        "bert.embeddings.token_type_embeddings.weight": (SEGMENTS, D),
        **norm("bert.embeddings.LayerNorm"),
    }
    for number in range(LAYERS):
        block = f"bert.encoder.layer.{number}"
        for name in ("query", "key", "value"):
            shapes |= dense(f"{block}.attention.self.{name}", D, D)
        shapes |= dense(f"{block}.attention.output.dense", D, D)
        shapes |= norm(f"{block}.attention.output.LayerNorm")
        shapes |= dense(f"{block}.intermediate.dense", D, F)
        shapes |= dense(f"{block}.output.dense", F, D)
        shapes |= norm(f"{block}.output.LayerNorm")
    shapes |= dense("bert.pooler.dense", D, D)
    shapes |= {"cls.predictions.bias": (V,)}
    shapes |= dense("cls.predictions.transform.dense", D, D)
    shapes |= norm("cls.predictions.transform.LayerNorm")
    shapes |= dense("cls.seq_relationship", D, 2)
    return {name: random.normal(0, 0.5, shape).astype("float32") for name, shape in shapes.items()}


def inputs_of(model):
    """Return the inputs of our model. The heads predict at every position, as in transformers."""
    places = np.tile(np.arange(7, dtype="int32"), (3, 1))
    features = {
        "token_ids": TOKEN_IDS,
        "segment_ids": SEGMENT_IDS,
        "masked_positions": places,
        "is_answer_place": np.ones_like(places),
    }
    return {name: features[name] for name in model.input}


def write_folder(folder, weights, hidden_act="gelu", **more):
    """Write a Hugging Face folder: config.json, vocab.txt, model.safetensors."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config(hidden_act, **more)))
    (folder / "vocab.txt").write_text("".join(token + "\n" for token in TOKENS))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def transformers_inputs():
    """Return the inputs of a transformers model."""
    import torch

    found = {"input_ids": TOKEN_IDS, "token_type_ids": SEGMENT_IDS, "attention_mask": TOKEN_IDS != 0}
    return {name: torch.tensor(values.astype("int64")) for name, values in found.items()}


def transformers_outputs(folder):
    """Return the outputs of BertForPreTraining: hidden states [layers + 1, B, T, D] and the logits of both heads."""
    import torch
    from transformers import BertForPreTraining

    model = BertForPreTraining.from_pretrained(folder).eval()
    with torch.no_grad():
        outputs = model(**transformers_inputs(), output_hidden_states=True)
    return {
        "hidden_states": np.stack([state.numpy() for state in outputs.hidden_states]),
        "mlm_logits": outputs.prediction_logits.numpy(),
        "nsp_logits": outputs.seq_relationship_logits.numpy(),
    }


def stored(hidden_act):
    """Return the stored outputs of transformers."""
    with np.load(STORED) as file:
        return {name: file[f"{hidden_act}/{name}"] for name in ("hidden_states", "mlm_logits", "nsp_logits")}


def main():
    """Store the outputs of transformers."""
    import tempfile

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for hidden_act in ACTIVATIONS:
            outputs = transformers_outputs(write_folder(Path(folder, hidden_act), tensors(), hidden_act))
            found |= {f"{hidden_act}/{name}": values for name, values in outputs.items()}
    np.savez_compressed(STORED, **found)


if __name__ == "__main__":
    main()
