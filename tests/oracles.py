"""Slow, obvious implementations in plain Python and NumPy, written from the equations."""

import math
import operator
import re

import numpy as np
from scipy import sparse


def random_padded_batch(seed, batch=4, time=9, width=5):
    """Return random vectors [B, T, D] and a mask [B, T] with gaps, an empty row and a full one."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(batch, time, width)).astype("float32")
    mask = random.random((batch, time)) < 0.6
    mask[0], mask[1] = False, True
    return inputs, mask


def num_windows(time, reach, padding):
    """Return the number of windows whose last word is `reach` words after the first, and the place of the first one."""
    if padding == "full":  # every window with at least one of the `time` words
        starts = [start for start in range(-reach, time + 1) if any(0 <= start + i < time for i in range(reach + 1))]
        return len(starts), starts[0]
    if padding == "same":
        return time, -(reach // 2)
    return max(time - reach, 1), 0


def text_convolution(inputs, mask, kernel, bias, padding, dilation_rate=1, activation=lambda x: max(x, 0.0)):
    """Return f(w . window + b), window by window; words outside the sentence are zeros."""
    batch, time, _ = inputs.shape
    width, _, filters = kernel.shape
    count, first = num_windows(time, (width - 1) * dilation_rate, padding)
    outputs = np.zeros((batch, count, filters))
    for b in range(batch):
        for start in range(count):
            for f in range(filters):
                total = bias[f]
                for offset in range(width):
                    position = first + start + offset * dilation_rate
                    if 0 <= position < time and mask[b, position]:
                        total += float(inputs[b, position] @ kernel[offset, :, f])
                outputs[b, start, f] = activation(total)
    return outputs


def convolutional_encoder(vectors, weights):
    """Return the outputs [T, F] for a sentence [T, D] without padding; `weights` is a (kernel, bias) for each layer."""
    for number, (kernel, bias) in enumerate(weights):
        first = -((len(kernel) - 1) // 2)
        outputs = []
        for place in range(len(vectors)):
            total = bias
            for offset in range(len(kernel)):
                if 0 <= place + first + offset < len(vectors):
                    total = total + vectors[place + first + offset] @ kernel[offset]
            outputs.append(np.tanh(total) + (vectors[place] if number else 0))
        vectors = outputs
    return np.array(vectors)


def window_mask(mask, width, padding="full", dilation_rate=1):
    """Return whether each window has a real word ("full"), is that of one ("same"), or has only such ("valid")."""
    _, time = mask.shape
    count, first = num_windows(time, (width - 1) * dilation_rate, padding)
    rows = []
    for words in mask:
        row = []
        for window in range(count):
            positions = [first + window + offset * dilation_rate for offset in range(width)]
            real = [0 <= p < time and words[p] for p in positions]
            complete = all(real) or (window == 0 and any(words))  # a short sentence has one window
            row.append({"full": any(real), "same": words[window % time], "valid": complete}[padding])
        rows.append(row)
    return np.array(rows)


def batch_normalization(inputs, mask, gamma, beta, epsilon):
    """Return the normalized real positions, 0 elsewhere; and the mean and variance of each feature over them."""
    outputs, means, variances = np.zeros(inputs.shape), [], []
    for d in range(inputs.shape[-1]):
        values = [float(x) for row, keep in zip(inputs[:, :, d], mask, strict=True) for x in row[keep]]
        means.append(sum(values) / len(values))
        variances.append(sum((x - means[d]) ** 2 for x in values) / len(values))
        normalized = (inputs[:, :, d] - means[d]) / math.sqrt(variances[d] + epsilon)
        outputs[:, :, d] = np.where(mask, gamma[d] * normalized + beta[d], 0.0)
    return outputs, np.array(means), np.array(variances)


# Of the values of a feature, and their positions 1, 2, ...
POOLINGS = {
    "max": lambda values, _: max(values),
    "sum": lambda values, _: sum(values),
    "mean": lambda values, _: sum(values) / len(values),
    "sqrt_mean": lambda values, _: sum(values) / math.sqrt(len(values)),
    "weighted_mean": lambda values, places: sum(map(operator.mul, values, places)) / sum(places),
    "last": lambda values, _: values[-1],
}


def pool(inputs, mask, how, k=None):
    """Pool each feature of each sentence over the positions the mask keeps."""
    batch, _, width = inputs.shape
    rows = []
    for b in range(batch):
        columns = []
        for d in range(width):
            kept = [float(value) for value, keep in zip(inputs[b, :, d], mask[b], strict=True) if keep]
            if how == "k_max":
                largest = sorted(sorted(range(len(kept)), key=lambda i: -kept[i])[:k])  # noqa: B023
                columns.append([kept[i] for i in largest] + [0.0] * (k - len(largest)))
            else:
                places = [place for place, keep in enumerate(mask[b], start=1) if keep]
                columns.append(POOLINGS[how](kept, places) if kept else 0.0)
        rows.append(columns)
    pooled = np.array(rows, "float32")
    return pooled.transpose(0, 2, 1) if how == "k_max" else pooled


def text_cnn(token_ids, weights, widths):
    """Return the logits [B, C] of Kim's model with max-over-time pooling, from weights by variable path."""
    logits = []
    for row in token_ids:
        words = [weights["token_embedding/embeddings"][token] for token in row if token != 0]
        features = []
        for width in widths:
            kernel, bias = weights[f"convolution_{width}/kernel"], weights[f"convolution_{width}/bias"]
            zeros = [np.zeros(kernel.shape[1])] * (width - 1)
            padded = [*zeros, *words, *zeros]
            windows = [padded[start : start + width] for start in range(len(words) + width - 1)] if words else []
            for f in range(kernel.shape[2]):
                activations = [
                    max(0.0, bias[f] + sum(float(w @ kernel[i, :, f]) for i, w in enumerate(window)))
                    for window in windows
                ]
                features.append(max(activations, default=0.0))
        logits.append(np.array(features) @ weights["logits/kernel"] + weights["logits/bias"])
    return np.array(logits)


def ngram_contributions(words, weights, widths, pooling, k):
    """Return what each window of a sentence of word ids adds to the logits, {(width, start): [C]}, filter by filter."""
    contributions, row = {}, 0
    for width in widths:
        kernel, bias = weights[f"convolution_{width}/kernel"], weights[f"convolution_{width}/bias"]
        starts = range(1 - width, len(words))
        for slot in range(k if pooling == "k_max" else 1):
            for f in range(kernel.shape[2]):
                activations = []
                for start in starts:
                    inside = [i for i in range(width) if 0 <= start + i < len(words)]
                    vectors = {i: weights["token_embedding/embeddings"][words[start + i]] for i in inside}
                    activations.append(max(0.0, bias[f] + sum(float(vectors[i] @ kernel[i, :, f]) for i in inside)))
                places = range(len(activations))
                if pooling == "max":
                    chosen = {max(places, key=activations.__getitem__): 1.0}
                elif pooling == "k_max":
                    largest = sorted(sorted(places, key=lambda place: -activations[place])[:k])  # noqa: B023
                    chosen = {largest[slot]: 1.0} if slot < len(largest) else {}
                else:
                    chosen = dict.fromkeys(places, 1.0 if pooling == "sum" else 1 / len(activations))
                for place, share in chosen.items():
                    added = share * activations[place] * weights["logits/kernel"][row]
                    window = (width, starts[place])
                    contributions[window] = contributions.get(window, 0.0) + added
                row += 1
    return contributions


def cosine(a, b):
    """Return the cosine of two vectors, in plain Python."""
    product = sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
    return product / (math.sqrt(sum(float(x) ** 2 for x in a)) * math.sqrt(sum(float(y) ** 2 for y in b)))


def pearson(first, second):
    """Return the covariance divided by both standard deviations."""
    mean_first, mean_second = sum(first) / len(first), sum(second) / len(second)
    pairs = [(x - mean_first, y - mean_second) for x, y in zip(first, second, strict=True)]
    return sum(x * y for x, y in pairs) / math.sqrt(sum(x * x for x, _ in pairs) * sum(y * y for _, y in pairs))


def spearman(first, second):
    """Return the Pearson correlation of ranks; equal values have the mean of their ranks."""

    def ranks(values):
        return [sum(v < value for v in values) + (sum(v == value for v in values) + 1) / 2 for value in values]

    return pearson(ranks(first), ranks(second))


def analogy(vectors, a, b, c, measure):
    """Return the row of the best answer to "a is to b as c is to ?", by trying all rows."""
    best, best_score = None, -math.inf
    for x in range(len(vectors)):
        if x in (a, b, c):
            continue
        to_a, to_b, to_c = (cosine(vectors[x], vectors[row]) for row in (a, b, c))
        if measure == "3cosadd":
            score = to_b - to_a + to_c
        else:
            score = (to_b + 1) / 2 * (to_c + 1) / 2 / ((to_a + 1) / 2 + 0.001)
        if score > best_score:
            best, best_score = x, score
    return best


def sentence_vector(words, vectors, weights):
    """Return the weighted sum of a sentence's known words divided by their number; ids 0 and 1 are not words."""
    known = [word for word in words if word > 1]
    total = [0.0] * len(vectors[0])
    for word in known:
        total = [t + float(weights[word]) * float(v) for t, v in zip(total, vectors[word], strict=True)]
    return [t / max(len(known), 1) for t in total]


def clean_str(text):
    """Preprocess ASCII text as Kim 2014, from the description in the paper's code."""
    text = re.sub(r"[^A-Za-z0-9(),!?'`]", " ", text)
    for ending in ("'s", "'ve", "n't", "'re", "'d", "'ll"):
        text = text.replace(ending, " " + ending)
    for mark in ",!()?":
        text = text.replace(mark, f" {mark} ")
    return text.split()


def cross_entropy(labels, logits, weights):
    """Return the weighted mean of -log softmax, computed row by row."""
    losses = [
        weight * (math.log(sum(math.exp(x) for x in row)) - row[label])
        for label, row, weight in zip(labels, logits, weights, strict=True)
    ]
    return sum(losses) / sum(weights)


def counts_glove_can_fit(random, words, dim):
    """Return X_ij = exp(w_i . c_j + b_i + b_j) as a sparse array; words 0 and 1 never occur."""
    vectors, contexts = random.normal(0, 0.5, (2, words, dim))
    biases = random.normal(1, 0.5, (2, words))
    values = np.exp(vectors @ contexts.T + biases[0][:, None] + biases[1])
    values[:2] = values[:, :2] = 0
    return sparse.csr_array(values)


def self_attention(
    inputs, mask, kernel, bias, output_kernel, output_bias, num_heads, is_causal=False, window=None, slopes=None
):
    """Return outputs [B, T, D] and weights [B, H, T, T] of multi-head attention, pair by pair of tokens.

    A window is the number of tokens that causal attention sees. The slope of a head lowers the scores of distant ones.
    """
    batch, time, width = inputs.shape
    window, slopes = window or time, [0] * num_heads if slopes is None else slopes
    size = width // num_heads
    weights, outputs = np.zeros((batch, num_heads, time, time)), np.zeros((batch, time, width))
    for b in range(batch):
        projected = inputs[b] @ kernel + bias  # [T, 3D]
        context = np.zeros((time, width))
        for h in range(num_heads):
            part = slice(h * size, (h + 1) * size)
            query, key, value = (projected[:, start : start + width][:, part] for start in (0, width, 2 * width))
            for i in range(time):
                seen = [j for j in range(time) if mask[b, j] and (i - window < j <= i or not is_causal)]
                powers = {j: math.exp(float(query[i] @ key[j]) / math.sqrt(size) - slopes[h] * (i - j)) for j in seen}
                for j in seen:
                    weights[b, h, i, j] = powers[j] / sum(powers.values())
                    context[i, part] += weights[b, h, i, j] * value[j]
        outputs[b] = context @ output_kernel + output_bias
    return outputs, weights


def attention(score, query, key, value, mask, *weights):
    """Return context [B, Q, F] and weights [B, Q, T] of attention, one query and key at a time."""
    scores = {
        "additive": lambda q, k, query_kernel, key_kernel, scale: scale @ np.tanh(q @ query_kernel + k @ key_kernel),
        "general": lambda q, k, key_kernel: q @ (k @ key_kernel),
        "dot": lambda q, k: q @ k,
        "scaled_dot": lambda q, k: q @ k / math.sqrt(len(q)),
    }
    context = np.zeros((*query.shape[:2], value.shape[-1]))
    shares = np.zeros((*query.shape[:2], key.shape[1]))
    for b in range(query.shape[0]):
        for i in range(query.shape[1]):
            seen = [j for j in range(key.shape[1]) if mask[b, j]]
            powers = {j: math.exp(float(scores[score](query[b, i], key[b, j], *weights))) for j in seen}
            for j in seen:
                shares[b, i, j] = powers[j] / sum(powers.values())
                context[b, i] += shares[b, i, j] * value[b, j]
    return context, shares


def layer_norm(x, gamma, beta, epsilon):
    """Subtract the mean and divide by the standard deviation, vector by vector."""
    flat = [(row - row.mean()) / math.sqrt(row.var() + epsilon) * gamma + beta for row in x.reshape(-1, x.shape[-1])]
    return np.array(flat).reshape(x.shape)


def gelu(x):
    """Return x times the probability that a standard normal variable is less than x."""
    return np.vectorize(lambda value: value * 0.5 * (1 + math.erf(value / math.sqrt(2))))(x)


def gelu_tanh(x):
    """Return the approximation of gelu by a hyperbolic tangent."""
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
