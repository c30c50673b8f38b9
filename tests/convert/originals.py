"""Small folders of every kind that is converted, and the outputs of transformers or sentence-transformers for them.

The weights are drawn from a seed. The outputs for a few texts are stored, so that tests can compare them where these
libraries are not installed. Made by: PYTHONPATH=. python -m tests.convert.originals

Shapes: B texts, T tokens, D width, F width between dense layers, V vocabulary.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from kerasnlp_zoo import models
from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary
from tests.convert.texts import GOLDEN_TEXTS, TOKENS

STORED = Path(__file__).with_name("original_outputs.npz")
V, D, F, LAYERS, POSITIONS, LONGEST = len(TOKENS), 8, 12, 2, 64, 48
SIGMOID, TANH = "torch.nn.modules.activation.Sigmoid", "torch.nn.modules.activation.Tanh"


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of folder.

    Attributes:
        architecture: class of transformers.
        heads: names of dense layers in addition to the encoder -> [outputs, inputs].
        config: more of config.json.
        output: names of the outputs that are compared.
        pairs: whether the model reads pairs of texts.
        modules: for a sentence encoder, class of each module after the encoder -> config.
    """

    architecture: str
    heads: dict = dataclasses.field(default_factory=dict)
    config: dict = dataclasses.field(default_factory=dict)
    output: tuple = ("logits",)
    pairs: bool = False
    modules: dict | None = None

    @property
    def family(self):
        return "distilbert" if self.architecture.startswith("Distil") else "bert"

    @property
    def is_cross_encoder(self):
        return "sentence_transformers" in self.config


POOLER, SPAN = {"bert.pooler.dense": (D, D)}, ("start_logits", "end_logits")
DISTILBERT_LABELS = {"pre_classifier": (D, D), "classifier": (3, D)}
SCORE = {"id2label": {"0": "score"}}
NAMES = {"id2label": {"0": "bad", "1": "so-so", "2": "good"}}


def classifier(outputs):
    return {**POOLER, "classifier": (outputs, D)}


def pooling(*modes):
    return {"embedding_dimension": D, "pooling_mode": list(modes) if len(modes) > 1 else modes[0]}


def dense(inputs, outputs, activation=TANH):
    return {"in_features": inputs, "out_features": outputs, "bias": True, "activation_function": activation}


KINDS = {
    "bert_base": Kind("BertModel", POOLER, output=("pooler_output",)),
    "bert_masked_words": Kind("BertForMaskedLM", {"cls.predictions.transform.dense": (D, D)}),
    "bert_labels": Kind("BertForSequenceClassification", classifier(3), NAMES),
    "bert_label_sets": Kind(
        "BertForSequenceClassification", classifier(3), {**NAMES, "problem_type": "multi_label_classification"}
    ),
    "bert_score": Kind("BertForSequenceClassification", classifier(1), {**SCORE, "problem_type": "regression"}),
    "bert_tags": Kind("BertForTokenClassification", {"classifier": (3, D)}, NAMES),
    "bert_span": Kind("BertForQuestionAnswering", {"qa_outputs": (2, D)}, output=SPAN, pairs=True),
    "bert_span_or_none": Kind(
        "BertForQuestionAnswering", {"qa_outputs": (2, D)}, {"can_abstain": True}, output=SPAN, pairs=True
    ),
    "distilbert_masked_words": Kind("DistilBertForMaskedLM", {"vocab_transform": (D, D)}),
    "distilbert_labels": Kind("DistilBertForSequenceClassification", DISTILBERT_LABELS, NAMES),
    "distilbert_tags": Kind("DistilBertForTokenClassification", {"classifier": (3, D)}, NAMES),
    "distilbert_span": Kind("DistilBertForQuestionAnswering", {"qa_outputs": (2, D)}, output=SPAN, pairs=True),
    "sentences_mean": Kind("BertModel", POOLER, modules={"Pooling": pooling("mean")}),
    "sentences_weighted_dense": Kind(
        "DistilBertModel", modules={"Pooling": pooling("weightedmean"), "Dense": dense(D, 5)}
    ),
    "sentences_first_normalized": Kind("BertModel", POOLER, modules={"Pooling": pooling("cls"), "Normalize": {}}),
    "sentences_three_poolings": Kind(
        "BertModel",
        POOLER,
        modules={
            "Pooling": pooling("lasttoken", "mean_sqrt_len_tokens", "max"),
            "Dense": dense(3 * D, 6, "torch.nn.modules.linear.Identity"),
            "Normalize": {},
        },
    ),
    "cross_encoder_score": Kind(
        "BertForSequenceClassification",
        classifier(1),
        {**SCORE, "sentence_transformers": {"activation_fn": SIGMOID}},
        pairs=True,
    ),
    "cross_encoder_labels": Kind(
        "BertForSequenceClassification", classifier(3), {**NAMES, "sentence_transformers": {}}, pairs=True
    ),
}


def config_of(kind):
    """Return config.json."""
    if kind.family == "distilbert":
        sizes = {"dim": D, "n_layers": LAYERS, "n_heads": 2, "hidden_dim": F, "activation": "gelu", "dropout": 0.1}
    else:
        sizes = {"hidden_size": D, "num_hidden_layers": LAYERS, "num_attention_heads": 2, "intermediate_size": F}
        sizes |= {"type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-6, "hidden_dropout_prob": 0.1}
    shared = {"architectures": [kind.architecture], "model_type": kind.family, "vocab_size": V, "pad_token_id": 0}
    return {**shared, **sizes, "max_position_embeddings": POSITIONS, **kind.config}


def block_names(family):
    """Return the names of the dense layers of a block with [outputs, inputs], and of its normalizations."""
    if family == "distilbert":
        attention = {f"attention.{name}_lin": (D, D) for name in ("q", "k", "v", "out")}
        return {**attention, "ffn.lin1": (F, D), "ffn.lin2": (D, F)}, ("sa_layer_norm", "output_layer_norm")
    attention = {f"attention.self.{name}": (D, D) for name in ("query", "key", "value")}
    more = {"attention.output.dense": (D, D), "intermediate.dense": (F, D), "output.dense": (D, F)}
    return {**attention, **more}, ("attention.output.LayerNorm", "output.LayerNorm")


def tensors_of(kind, seed=0):
    """Return the weights by their names in transformers, written out by hand."""
    family = kind.family
    tables = {"word_embeddings": V, "position_embeddings": POSITIONS}
    tables |= {"token_type_embeddings": 2} if family == "bert" else {}
    layers, norms = dict(kind.heads), [f"{family}.embeddings.LayerNorm"]
    blocks = f"{family}.encoder.layer" if family == "bert" else f"{family}.transformer.layer"
    for number in range(LAYERS):
        names, norm_names = block_names(family)
        layers |= {f"{blocks}.{number}.{name}": shape for name, shape in names.items()}
        norms += [f"{blocks}.{number}.{name}" for name in norm_names]
    words = {"BertForMaskedLM": "cls.predictions.transform.LayerNorm", "DistilBertForMaskedLM": "vocab_layer_norm"}
    norms += [words[kind.architecture]] if kind.architecture in words else []
    bias = {"BertForMaskedLM": "cls.predictions.bias", "DistilBertForMaskedLM": "vocab_projector.bias"}
    shapes = {f"{family}.embeddings.{name}.weight": (size, D) for name, size in tables.items()}
    shapes |= {f"{name}.weight": shape for name, shape in layers.items()}
    shapes |= {f"{name}.bias": shape[:1] for name, shape in layers.items()}
    shapes |= {f"{name}.{part}": (D,) for name in norms for part in ("weight", "bias")}
    shapes |= {bias[kind.architecture]: (V,)} if kind.architecture in bias else {}
    random = np.random.default_rng(seed)
    tensors = {name: random.normal(0, 0.5, shape).astype("float32") for name, shape in sorted(shapes.items())}
    is_base = kind.architecture.endswith("Model")
    return {name.removeprefix(f"{family}.") if is_base else name: tensor for name, tensor in tensors.items()}


def write_folder(kind, folder):
    """Write a folder of this kind without the original libraries."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config_of(kind)))
    (folder / "vocab.txt").write_text("".join(token + "\n" for token in TOKENS), "utf-8")
    name = "DistilBertTokenizer" if kind.family == "distilbert" else "BertTokenizer"
    tokenizer = {"tokenizer_class": name, "do_lower_case": True, "model_max_length": LONGEST}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    save_file(tensors_of(kind), folder / "model.safetensors", metadata={"format": "pt"})
    if kind.modules is not None:
        write_modules(kind.modules, folder)
    return folder


def write_modules(modules, folder):
    """Write modules.json, and the folder of each module."""
    paths = {"Transformer": "", **{name: f"{number}_{name}" for number, name in enumerate(modules, start=1)}}
    rows = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{name}"}
        for number, (name, path) in enumerate(paths.items())
    ]
    (folder / "modules.json").write_text(json.dumps(rows))
    for name, config in modules.items():
        (folder / paths[name]).mkdir()
        (folder / paths[name] / "config.json").write_text(json.dumps(config))
    if "Dense" in modules:
        random, shape = np.random.default_rng(1), (modules["Dense"]["out_features"], modules["Dense"]["in_features"])
        weights = {"linear.weight": random.normal(0, 0.5, shape), "linear.bias": random.normal(0, 0.5, shape[0])}
        save_file(
            {name: values.astype("float32") for name, values in weights.items()},
            folder / paths["Dense"] / "model.safetensors",
        )


def columns_of(kind, texts):
    """Return the texts, and for pairs the second texts."""
    return [texts, texts[1:] + texts[:1]] if kind.pairs else [texts]


def our_outputs(kind, converted, model, texts):
    """Return token ids [B, T], the states after every block [layers + 1, B, T, D], and the output of the head."""
    preprocessor = WordPiecePreprocessor(
        WordPieceVocabulary(converted.tokens),
        lower_case=converted.lower_case,
        pairs=kind.pairs,
        max_sequence_length=converted.max_sequence_length,
    )
    features = {name: np.array(values) for name, values in preprocessor(*columns_of(kind, texts)).items()}
    ids = features["token_ids"]
    places = np.tile(np.arange(ids.shape[1], dtype="int32"), (len(ids), 1))
    features |= {"masked_positions": places, "is_answer_place": np.ones_like(places)}
    encoder = models.encoder_outputs(model)
    states = encoder({name: features[name] for name in encoder.input})
    output = model({name: features[name] for name in model.input})
    output = output["pooled_output"] if isinstance(output, dict) else output
    return {"token_ids": ids, "hidden_states": np.stack([np.array(s) for s in states]), "output": np.array(output)}


def load(kind, folder):
    """Return the model of the original library."""
    import sentence_transformers
    import transformers

    if kind.modules is not None:
        return sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    if kind.is_cross_encoder:
        return sentence_transformers.CrossEncoder(str(folder), device="cpu")
    loaded, report = getattr(transformers, kind.architecture).from_pretrained(folder, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    return loaded.eval()


def their_outputs(kind, folder, texts):
    """Return the same as `our_outputs` from the original library."""
    import torch
    import transformers

    model, columns = load(kind, folder), columns_of(kind, texts)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    batch = tokenizer(*columns, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
    with torch.no_grad():
        inner = model if isinstance(model, transformers.PreTrainedModel) else model[0].model
        outputs = inner(**batch, output_hidden_states=True)
        if kind.modules is not None:
            output = model.encode(texts)
        elif kind.is_cross_encoder:
            output = model.predict(list(zip(*columns, strict=True)))
        else:
            output = torch.stack([outputs[name] for name in kind.output], dim=-1).numpy()
    states = np.stack([state.numpy() for state in outputs.hidden_states])
    output = output[..., 0] if len(kind.output) == 1 and kind.modules is None and output.ndim > 2 else output
    return {"token_ids": batch["input_ids"].numpy(), "hidden_states": states, "output": output}


def largest_differences(ours, theirs):
    """Return the largest difference of token ids, of states at real tokens, and of outputs at real tokens."""
    real = theirs["token_ids"] != 0
    found = {"token_ids": np.abs(ours["token_ids"] - theirs["token_ids"]).max()}
    found["hidden_states"] = np.abs(ours["hidden_states"] - theirs["hidden_states"])[:, real].max()
    first, second = (outputs["output"].reshape(theirs["output"].shape) for outputs in (ours, theirs))
    of_tokens = first.shape[:2] == real.shape
    found["output"] = np.abs(first - second)[real if of_tokens else ...].max()
    return {name: float(value) for name, value in found.items()}


def kept(outputs):
    """Return what is stored: token ids, the states after the last block, and the output of at most 2 tokens."""
    last, output = outputs["hidden_states"][-1], outputs["output"]
    return {
        "token_ids": outputs["token_ids"].astype("int16"),
        "last_states": last[:, :2],
        "output": output[:, :2] if output.ndim == 3 else output,
    }


def main():
    """Store the outputs of the original libraries."""
    import tempfile

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, kind in KINDS.items():
            outputs = kept(their_outputs(kind, write_folder(kind, Path(folder, name)), GOLDEN_TEXTS))
            found |= {f"{name}/{key}": values for key, values in outputs.items()}
    np.savez_compressed(STORED, **found)


if __name__ == "__main__":
    main()
