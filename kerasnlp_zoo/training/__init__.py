"""Functions and classes that recipes share: `Run`, losses, optimizers, callbacks and trainers."""

from kerasnlp_zoo.objectives.gradient_norm import GradientNorm
from kerasnlp_zoo.objectives.lazy_adam import LazyAdam
from kerasnlp_zoo.objectives.losses import (
    GloveLoss,
    SmoothedCrossEntropy,
    WeightedMeanLoss,
    classification_metrics,
    crf_loss,
    crf_metrics,
    cross_entropy,
    hinge_loss,
    identity_loss,
    perceptron_loss,
    span_cross_entropy,
    squared_error,
)
from kerasnlp_zoo.training.callbacks import (
    EpochBackup,
    EpochSeed,
    HistoryFile,
    KeepBest,
    StopOnDivergence,
    ValidationScore,
)
from kerasnlp_zoo.training.class_weighting import ClassifierConfig
from kerasnlp_zoo.training.classification import finish_classification
from kerasnlp_zoo.training.fine_tuning import (
    SPAN_METRICS,
    FineTuningConfig,
    compile_for_fine_tuning,
    finish_fine_tuning,
    load_encoder,
    trainable_summary,
)
from kerasnlp_zoo.training.glove_trainer import GloveTrainer
from kerasnlp_zoo.training.hierarchical_softmax_trainer import HierarchicalSoftmaxTrainer
from kerasnlp_zoo.training.labelled_texts import (
    TASK_OF,
    LabelledTextConfig,
    compile_labelled,
    labelled_task,
    train_labelled,
)
from kerasnlp_zoo.training.language_model_trainer import (
    LanguageModelTrainer,
    Perplexity,
    compile_for_language_modeling,
    initialize_output_bias,
)
from kerasnlp_zoo.training.language_modeling import (
    LanguageModelConfig,
    TextRunOptions,
    finish_language_modeling,
    read_language_model_text,
    save_language_model,
)
from kerasnlp_zoo.training.next_word_loss import (
    SAMPLED,
    LossName,
    NextWordLoss,
    NextWordOptions,
    next_word_trainer,
)
from kerasnlp_zoo.training.optimizers import SGD, Adam, OptimizerName, OptimizerOptions, RMSprop, ScheduleName
from kerasnlp_zoo.training.pretraining import (
    SMOKE_STEPS,
    PretrainingConfig,
    compile_for_pretraining,
    finish_pretraining,
    read_documents,
)
from kerasnlp_zoo.training.repetition import RepeatableConfig, is_repeated_run, run_repeatedly
from kerasnlp_zoo.training.run import Run
from kerasnlp_zoo.training.run_options import ModelRunOptions, RunConfig, RunOptions
from kerasnlp_zoo.training.saving import draw_training
from kerasnlp_zoo.training.schedules import (
    WarmupConstant,
    WarmupCosineDecay,
    WarmupInverseSquareRoot,
    WarmupLinearDecay,
)
from kerasnlp_zoo.training.strategies import STRATEGIES, StrategyName, make_strategy
from kerasnlp_zoo.training.translation import (
    TranslationConfig,
    compile_for_translation,
    read_translations,
    train_translator,
)
from kerasnlp_zoo.training.word2vec_trainer import Word2VecTrainer
from kerasnlp_zoo.training.word_classifier import WordClassifierConfig, WordVectorConfig
from kerasnlp_zoo.training.word_vector_scores import WordVectorScores
from kerasnlp_zoo.training.word_vector_training import (
    CorpusRunConfig,
    Throughput,
    finish_word_vectors,
    read_corpus,
    score_callbacks,
)

__all__ = [
    "SAMPLED",
    "WarmupCosineDecay",
    "WarmupConstant",
    "GradientNorm",
    "ScheduleName",
    "RMSprop",
    "OptimizerOptions",
    "OptimizerName",
    "Adam",
    "SGD",
    "SMOKE_STEPS",
    "SPAN_METRICS",
    "STRATEGIES",
    "TASK_OF",
    "ClassifierConfig",
    "CorpusRunConfig",
    "EpochBackup",
    "EpochSeed",
    "FineTuningConfig",
    "GloveLoss",
    "GloveTrainer",
    "HierarchicalSoftmaxTrainer",
    "HistoryFile",
    "KeepBest",
    "ValidationScore",
    "LabelledTextConfig",
    "LanguageModelConfig",
    "LanguageModelTrainer",
    "LazyAdam",
    "LossName",
    "ModelRunOptions",
    "NextWordLoss",
    "NextWordOptions",
    "Perplexity",
    "PretrainingConfig",
    "RepeatableConfig",
    "Run",
    "RunConfig",
    "RunOptions",
    "SmoothedCrossEntropy",
    "StopOnDivergence",
    "StrategyName",
    "TextRunOptions",
    "Throughput",
    "TranslationConfig",
    "WarmupInverseSquareRoot",
    "WarmupLinearDecay",
    "WeightedMeanLoss",
    "Word2VecTrainer",
    "WordClassifierConfig",
    "WordVectorConfig",
    "WordVectorScores",
    "classification_metrics",
    "compile_for_fine_tuning",
    "compile_for_language_modeling",
    "compile_for_pretraining",
    "compile_for_translation",
    "compile_labelled",
    "crf_loss",
    "crf_metrics",
    "cross_entropy",
    "draw_training",
    "finish_classification",
    "finish_fine_tuning",
    "finish_language_modeling",
    "finish_pretraining",
    "finish_word_vectors",
    "hinge_loss",
    "identity_loss",
    "initialize_output_bias",
    "is_repeated_run",
    "labelled_task",
    "load_encoder",
    "make_strategy",
    "next_word_trainer",
    "perceptron_loss",
    "read_corpus",
    "read_documents",
    "read_language_model_text",
    "read_translations",
    "run_repeatedly",
    "save_language_model",
    "score_callbacks",
    "span_cross_entropy",
    "squared_error",
    "train_labelled",
    "train_translator",
    "trainable_summary",
]
