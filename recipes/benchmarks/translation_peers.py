"""The translators in PyTorch with which ours are compared."""

import dataclasses
import math
from typing import Any, Literal

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.positions import sinusoids
from kerasnlp_zoo.vocabulary import END_ID, PADDING_ID, START_ID

LONGEST = 256  # maximum number of tokens on each side


@dataclasses.dataclass(frozen=True)
class Size:
    """Sizes of a translator and of its batches."""

    vocabulary: int = 8000
    width: int = 256
    layers: int = 3  # of the Transformer's encoder, and of its decoder
    heads: int = 4
    intermediate: int = 1024
    units: int = 512  # of the recurrent decoder, and of each direction of the encoder
    merge: Literal["concat", "sum"] = "concat"  # how the directions of the recurrent encoder are combined
    dropout: float = 0.1
    batch: int = 128
    time: int = 16  # tokens of a sentence on each side
    decoded: int = 32  # tokens to decode
    batches_decoded: tuple[int, ...] = (1, 32)
    beam: int = 4


class TorchSide:
    """A PyTorch model, its optimizer and its loss."""

    name: str

    def __init__(self, torch: Any, model: Any, size: Size, learning_rate: float, smoothing: float) -> None:
        self.torch, self.model, self.size, self.smoothing = torch, model, size, smoothing
        self.optimizer = torch.optim.Adam(model.parameters(), learning_rate, betas=(0.9, 0.98), eps=1e-9)

    def logits(self, source: Any, target: Any) -> Any:
        """Return logits [B, T, V] for sources and targets, torch tensors [B, T]."""
        raise NotImplementedError

    def generate(self, source: Any, beam: int) -> Any:
        """Return the ids [B, L] that the model decodes for sources, a torch tensor [B, T]."""
        raise NotImplementedError

    def fit(self, source: np.ndarray, target: np.ndarray) -> None:
        """Train on the batches."""
        for batch in zip(source, target, strict=True):
            self.step(*batch)

    def step(self, source: np.ndarray, target: np.ndarray) -> float:
        """Train on one batch, padded with 0; return its loss."""
        self.model.train()
        source_ids, target_ids = (self.torch.tensor(ids).long() for ids in (source, target))
        self.optimizer.zero_grad()
        loss = self.torch.nn.functional.cross_entropy(
            self.logits(source_ids, target_ids).flatten(0, 1),
            target_ids.flatten(),
            ignore_index=PADDING_ID,
            label_smoothing=self.smoothing,
        )
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def set_learning_rate(self, learning_rate: float) -> None:
        """Set the learning rate of the next steps."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate

    def decode(self, source: np.ndarray, beam: int) -> np.ndarray:
        """Decode `size.decoded` tokens for every source, padded with 0."""
        self.model.eval()
        with self.torch.inference_mode():
            return self.generate(self.torch.tensor(source).long(), beam).numpy()

    def before(self, target: Any) -> Any:
        """Return the target shifted by one position, after a start token."""
        return self.torch.cat([self.torch.full_like(target[:, :1], START_ID), target[:, :-1]], dim=1)


class MarianSide(TorchSide):
    """The Marian model of `transformers`, of the same size."""

    name = "PyTorch, Marian"

    def __init__(self, torch: Any, transformers: Any, size: Size, learning_rate: float, smoothing: float) -> None:
        config = transformers.MarianConfig(
            vocab_size=size.vocabulary,
            d_model=size.width,
            encoder_layers=size.layers,
            decoder_layers=size.layers,
            encoder_attention_heads=size.heads,
            decoder_attention_heads=size.heads,
            encoder_ffn_dim=size.intermediate,
            decoder_ffn_dim=size.intermediate,
            activation_function="relu",
            dropout=size.dropout,
            attention_dropout=size.dropout,
            max_position_embeddings=LONGEST,
            pad_token_id=PADDING_ID,
            eos_token_id=END_ID,
            decoder_start_token_id=START_ID,
            forced_eos_token_id=None,
        )
        super().__init__(torch, transformers.MarianMTModel(config), size, learning_rate, smoothing)

    def logits(self, source: Any, target: Any) -> Any:
        """Return logits [B, T, V]."""
        mask = (source != PADDING_ID).long()
        return self.model(input_ids=source, attention_mask=mask, decoder_input_ids=self.before(target)).logits

    def generate(self, source: Any, beam: int) -> Any:
        """Return ids from the library's own search."""
        count = self.size.decoded
        return self.model.generate(
            source,
            attention_mask=(source != PADDING_ID).long(),
            num_beams=beam,
            do_sample=False,
            min_new_tokens=count,
            max_new_tokens=count,
        )


class TorchTransformerSide(TorchSide):
    """`nn.Transformer` with normalization first, like ours, and the paper's sinusoids and shared embedding."""

    name = "PyTorch, Transformer"

    def __init__(self, torch: Any, size: Size, learning_rate: float, smoothing: float) -> None:
        super().__init__(torch, torch_transformer(torch, size), size, learning_rate, smoothing)

    def logits(self, source: Any, target: Any) -> Any:
        """Return logits [B, T, V]."""
        is_padding = source == PADDING_ID
        return self.model.write(self.before(target), self.model.read(source, is_padding), is_padding)

    def generate(self, source: Any, beam: int) -> Any:
        """Return ids [B, L], decoded greedily without a cache; decoding stops early if all texts have an `[END]`.

        Raises:
            InputError: if there is more than one beam.
        """
        if beam != 1:
            raise InputError(f"nn.Transformer is decoded only greedily here. Expected beam=1. Received: beam={beam}")
        is_padding = source == PADDING_ID
        memory = self.model.read(source, is_padding)
        ids = self.torch.full((len(source), 1), START_ID)
        ended = self.torch.zeros(len(source), dtype=bool)
        while ids.shape[1] <= self.size.decoded and not ended.all():
            chosen = self.model.write(ids, memory, is_padding)[:, -1].argmax(-1)
            ids = self.torch.cat([ids, chosen[:, None]], 1)
            ended |= chosen == END_ID
        return ids[:, 1:]


def torch_transformer(torch: Any, size: Size) -> Any:
    """Return the network of `models.transformer` with normalization first, in PyTorch."""
    nn: Any = torch.nn
    Module: Any = nn.Module

    class Transformer(Module):
        def __init__(self) -> None:
            super().__init__()
            self.transformer = nn.Transformer(
                d_model=size.width,
                nhead=size.heads,
                num_encoder_layers=size.layers,
                num_decoder_layers=size.layers,
                dim_feedforward=size.intermediate,
                dropout=size.dropout,
                batch_first=True,
                norm_first=True,
            )
            self.embedding = nn.Embedding(size.vocabulary, size.width)
            nn.init.normal_(self.embedding.weight, std=size.width**-0.5)
            self.bias = nn.Parameter(torch.zeros(size.vocabulary))
            self.register_buffer("positions", torch.tensor(sinusoids(LONGEST, size.width)))
            self.drop = nn.Dropout(size.dropout)

        def embed(self, ids: Any) -> Any:
            vectors = self.embedding(ids) * math.sqrt(size.width)
            return self.drop(vectors + self.positions[: ids.shape[1]])

        def read(self, source: Any, is_padding: Any) -> Any:
            return self.transformer.encoder(self.embed(source), src_key_padding_mask=is_padding)

        def write(self, target: Any, memory: Any, is_padding: Any) -> Any:
            is_future = torch.ones(target.shape[1], target.shape[1], dtype=bool).triu(1)
            hidden = self.transformer.decoder(
                self.embed(target), memory, tgt_mask=is_future, memory_key_padding_mask=is_padding
            )
            return hidden @ self.embedding.weight.T + self.bias

    return Transformer()


class TorchSeq2SeqSide(TorchSide):
    """A GRU as encoder, a GRU as decoder, and additive attention after it."""

    name = "PyTorch, GRU"

    def __init__(self, torch: Any, size: Size, learning_rate: float, smoothing: float) -> None:
        super().__init__(torch, torch_seq2seq(torch, size), size, learning_rate, smoothing)

    def logits(self, source: Any, target: Any) -> Any:
        """Return logits [B, T, V]."""
        memory, keys, state = self.model.read(source)
        return self.model.write(self.before(target), memory, keys, state)[0]

    def generate(self, source: Any, beam: int) -> Any:
        """Return ids [B, L] of a plain beam search; one beam is greedy decoding."""
        torch, model = self.torch, self.model
        batch, vocabulary = source.shape[0], self.size.vocabulary
        memory, keys, state = model.read(source)
        *memory, keys = (values.repeat_interleave(beam, 0) for values in (*memory, keys))
        state = state.repeat_interleave(beam, 1)
        totals = torch.full((batch, beam), -1e9)
        totals[:, 0] = 0
        ids = torch.full((batch * beam, 1), START_ID)
        for _ in range(self.size.decoded):
            logits, state = model.write(ids[:, -1:], memory, keys, state)
            scores = totals[:, :, None] + torch.log_softmax(logits[:, 0], -1).view(batch, beam, vocabulary)
            totals, places = scores.flatten(1).topk(beam)
            rows = (places // vocabulary + torch.arange(batch)[:, None] * beam).flatten()
            state = state[:, rows]
            ids = torch.cat([ids[rows], (places % vocabulary).view(-1, 1)], 1)
        return ids[::beam, 1:]


def torch_seq2seq(torch: Any, size: Size) -> Any:
    """Return the network of `models.seq2seq` in PyTorch."""
    nn: Any = torch.nn
    Module: Any = nn.Module

    class Seq2Seq(Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(size.vocabulary, size.width)
            nn.init.normal_(self.embedding.weight, std=size.width**-0.5)  # it is also the output projection
            self.encoder = nn.GRU(size.width, size.units, batch_first=True, bidirectional=True)
            self.bridge = nn.Linear(2 * size.units, size.units)
            self.decoder = nn.GRU(size.width, size.units, batch_first=True)
            self.query_kernel = nn.Linear(size.units, size.units, bias=False)
            self.memory_width = size.units if size.merge == "sum" else 2 * size.units
            self.key_kernel = nn.Linear(self.memory_width, size.units, bias=False)
            self.scale = nn.Linear(size.units, 1, bias=False)
            self.readout = nn.Linear(self.memory_width + size.units, size.width)
            self.bias = nn.Parameter(torch.zeros(size.vocabulary))
            self.drop = nn.Dropout(size.dropout)

        def read(self, source: Any) -> Any:
            embedded, lengths = self.drop(self.embedding(source)), (source != PADDING_ID).sum(1)
            if int(lengths.min()) < source.shape[1]:
                packed = nn.utils.rnn.pack_padded_sequence(embedded, lengths.clamp(min=1), True, enforce_sorted=False)
                memory, state = self.encoder(packed)
                memory = nn.utils.rnn.pad_packed_sequence(memory, True, total_length=source.shape[1])[0]
            else:
                memory, state = self.encoder(embedded)
            if size.merge == "sum":
                memory = memory.unflatten(-1, (2, size.units)).sum(-2)
            state = torch.tanh(self.bridge(torch.cat([state[0], state[1]], -1)))[None]
            return (memory, source == PADDING_ID), self.key_kernel(memory), state

        def write(self, target: Any, masked_memory: Any, keys: Any, state: Any) -> Any:
            memory, is_padding = masked_memory
            hidden, state = self.decoder(self.drop(self.embedding(target)), state)
            compared = torch.tanh(self.query_kernel(hidden)[:, :, None] + keys[:, None])
            scores = self.scale(compared)[..., 0].masked_fill(is_padding[:, None], -1e9)
            context = torch.softmax(scores, -1) @ memory
            read_out = torch.tanh(self.readout(torch.cat([context, hidden], -1)))
            return self.drop(read_out) @ self.embedding.weight.T + self.bias, state

    return Seq2Seq()
