"""Train the models of this package on the same data, from the simplest to BERT, and compare scores and costs.

    kerasnlp-zoo train ladder --datasets trec
    kerasnlp-zoo train ladder --datasets movie_reviews trec imdb_reviews shop_reviews --output-dir runs/classifiers
    kerasnlp-zoo train ladder --datasets conll2003 --models BiLSTM BiLSTM-CRF
    kerasnlp-zoo train ladder --datasets imdb_reviews --train-examples 50 150 500 1500 --output-dir runs/sizes

Each row of the table has its command. Its models were trained with the seeds 1, 2, and so on. An interrupted ladder
goes on where it stopped: rows that are finished in the output folder are not trained again.
"""

import dataclasses
import re
from pathlib import Path
from typing import Any

from kerasnlp_zoo import files, plots
from kerasnlp_zoo.errors import InputError, did_you_mean, require_positive
from kerasnlp_zoo.flags import PathFlags, read_flags
from kerasnlp_zoo.training.ladder import Row, Rung, markdown, train_row
from kerasnlp_zoo.training.run_folder import lock_folder, unlock_folder
from kerasnlp_zoo.versions import versions

ENGLISH = "--embeddings glove_6b_50d"
IMDB = "--max-vocabulary-size 20000 --max-sequence-length 400"


def classifiers(
    vectors: str, words: str = "", weighting: str = "", bert: str = "bert_minilm_en", published: str = ""
) -> list[Rung]:
    """Return the classifiers of texts.

    Args:
        vectors: flags of pretrained word vectors; "" if the language has none that serve.
        words: flags of the vocabulary and the length.
        weighting: flags of the bags of words.
        bert: the encoder that is fine-tuned.
        published: published score of TextCNN.
    """

    def recurrent(name: str, flags: str) -> Rung:
        return Rung(name, "bilstm", f"{flags} {vectors} {words}")

    rungs = [
        Rung("softmax regression", "linear", f"{weighting} {words}"),
        Rung(
            "multilayer perceptron",
            "linear",
            f"--model multilayer_perceptron --learning-rate 0.003 {weighting} {words}",
        ),
        Rung("bag of embeddings", "bag_of_embeddings", f"{vectors} {words}"),
        Rung("fixed window", "bag_of_embeddings", f"--model fixed_window --window 20 {vectors} {words}"),
        Rung("TextCNN, random vectors", "text_cnn", words, published),
        recurrent("RNN", "--cell rnn --no-bidirectional --num-layers 1"),
        recurrent("GRU", "--cell gru --no-bidirectional --num-layers 1"),
        recurrent("LSTM", "--no-bidirectional --num-layers 1"),
        recurrent("BiLSTM", "--num-layers 1"),
        recurrent("two BiLSTM layers", "--num-layers 2"),
        recurrent("CNN and BiLSTM", "--num-layers 1 --filter-width 3"),
        Rung("Transformer encoder", "transformer_encoder", f"--epochs 6 {vectors} {words}"),
        Rung("BERT, frozen", "bert_classification", f"--pretrained {bert} --freeze-encoder --learning-rate 0.001"),
        Rung("BERT, fine-tuned", "bert_classification", f"--pretrained {bert}"),
    ]
    if vectors:
        rungs[5:5] = [
            Rung(f"TextCNN, {channels}", "text_cnn", f"--channels {channels} {vectors} {words}")
            for channels in ("static", "non_static", "multichannel")
        ]
    if bert == "bert_minilm_en":
        rungs.insert(-2, Rung("BERT tiny, fine-tuned", "bert_classification", "--pretrained bert_tiny_en"))
    return rungs


def taggers(vectors: str, words: str, bert: str, published: tuple[str, str, str, str] = ("", "", "", "")) -> list[Rung]:
    """Return the taggers; `published` has the scores of CNN, LSTM, BiLSTM and BiLSTM-CRF."""
    cnn, lstm, bilstm, crf = published
    return [
        Rung("CNN", "bilstm_tagging", f"--model cnn --head softmax {vectors}", cnn),
        Rung("LSTM", "bilstm_tagging", f"--model lstm --head softmax {vectors} {words}", lstm),
        Rung("BiLSTM", "bilstm_tagging", f"--head softmax {vectors} {words}", bilstm),
        Rung("BiLSTM-CRF", "bilstm_tagging", f"{vectors} {words}", crf),
        Rung("Transformer-CRF", "bilstm_tagging", f"--model transformer {vectors} {words}"),
        Rung("BERT", "bert_tagging", f"--pretrained {bert}"),
    ]


KIM = "76.1: Kim 2014, 10 folds"
CLASSIFIERS: dict[str, list[Rung]] = {
    "movie_reviews": classifiers(ENGLISH, published=KIM),
    "trec": classifiers(ENGLISH, weighting="--weighting binary", published="91.2: Kim 2014"),
    "imdb_reviews": classifiers(ENGLISH, words=IMDB),
    "shop_reviews": classifiers("", bert="bert_small_zh"),
}
LADDERS = {
    **CLASSIFIERS,
    "conll2003": taggers(
        f"{ENGLISH} --max-vectors 400000",
        "",
        "bert_minilm_en",
        ("85.3, conditions not known", "88.7, conditions not known", "", "90.9: Lample et al. 2016, 100 columns"),
    ),
    "msra": taggers("", "--hidden-dim 200", "bert_small_zh"),
    "peoples_daily_pos": taggers("", "--batch-size 16", "bert_small_zh"),
    "wikitext2": [
        Rung("n-grams, Kneser-Ney", "ngram"),
        Rung("neural language model", "nnlm"),
        Rung("two LSTM layers", "rnn_language_model", "--jit", "99.3: Grave et al. 2017, one LSTM of 1,024"),
        Rung(
            "causal Transformer",
            "transformer_language_model",
            "--hidden-dim 160 --intermediate-dim 640 --epochs 14 --dropout 0.2",
        ),
    ],
    "tatoeba": [
        Rung("GRU without attention", "seq2seq", "--attention none"),
        Rung("GRU with attention", "seq2seq"),
        Rung("Transformer", "transformer_translation"),
    ],
}


@dataclasses.dataclass
class Config(PathFlags):
    """Train all models on the same splits, and write one table and one plot of their scores and costs."""

    datasets: tuple[str, ...] = ("trec",)
    """Names of data sets: movie_reviews, trec, imdb_reviews and shop_reviews for classifiers; conll2003, msra and
    peoples_daily_pos for taggers; wikitext2 for language models; tatoeba for translators."""
    models: tuple[str, ...] = ()
    """Names of the models to train, such as BiLSTM-CRF. Default: all."""
    train_examples: tuple[int, ...] = ()
    """Also train classifiers of texts on only the first N texts of every class, for each of these numbers, and draw the
    scores over the number of texts."""
    seeds: int = 3
    """Number of seeds of each model."""
    single_seed_minutes: float = 10.0
    """A model whose training takes more minutes is trained with one seed only."""
    output_dir: Path | None = None
    """Output folder; rows that are finished there are kept. Default: runs/ladder."""
    smoke: bool = False
    """Try all rows in a minute each, on a few texts; their scores are meaningless."""

    def check(self) -> None:
        """Raise InputError if flags are invalid."""
        require_positive(seeds=self.seeds)
        for number in self.train_examples:
            require_positive(train_examples=number)
        for dataset in self.datasets:
            if dataset not in LADDERS:
                raise InputError(
                    f"There is no ladder for {dataset!r}.{did_you_mean(dataset, list(LADDERS))} Expected one of "
                    f"{', '.join(LADDERS)}"
                )
            if self.train_examples and dataset not in CLASSIFIERS:
                raise InputError(
                    f"--train-examples is for classifiers of texts. Expected one of the data sets "
                    f"{', '.join(CLASSIFIERS)}. Received: {dataset}"
                )
            names = [rung.name for rung in LADDERS[dataset]]
            for model in self.models:
                if model not in names:
                    raise InputError(
                        f"The ladder of {dataset} has no model {model!r}.{did_you_mean(model, names)} Expected one of "
                        f"{', '.join(names)}"
                    )


def main(config: Config) -> dict[str, Any]:
    """Train the models, and write ladder.md, ladder.png and metrics.json; return the content of metrics.json."""
    config.check()
    plots.require_matplotlib()
    folder = config.output_dir or Path("runs", "ladder")
    folder.mkdir(parents=True, exist_ok=True)
    if process := lock_folder(folder):
        raise InputError(f"The output folder {folder} is in use by process {process}. Use another --output-dir")
    try:
        ladders: dict[str, list[Row]] = {}
        for dataset in config.datasets:
            for rung in LADDERS[dataset]:
                if config.models and rung.name not in config.models:
                    continue
                place = folder / dataset / re.sub(r"\W+", "_", rung.name.lower())
                for number in (*config.train_examples, None):
                    few = [] if number is None else ["--train-examples", str(number)]
                    more = [*few, *(["--smoke"] if config.smoke else [])]
                    part = place if number is None else place.with_name(f"{place.name}_{number}")
                    row = train_row(rung, dataset, part, config.seeds, config.single_seed_minutes, more)
                    ladders.setdefault(dataset, []).append(row)
                    metrics = write(ladders, folder)  # after every row: an interrupted ladder has a table as well
    finally:
        unlock_folder(folder)
    print(f"{markdown(ladders)}\nEverything is in {folder}: ladder.md, ladder.png, metrics.json, and the runs")
    return metrics


def write(ladders: dict[str, list[Row]], folder: Path) -> dict[str, Any]:
    """Write the table, the plot and the numbers; return the numbers."""
    with files.atomic_file(folder / "ladder.md") as temporary:
        temporary.write_text(markdown(ladders), "utf-8")
    panels = {
        dataset: (rows[0].metric, [(row.name, row.minutes, row.score) for row in rows])
        for dataset, rows in ladders.items()
    }
    plots.score_over_cost(panels, folder / "ladder.png", "scores of models over the minutes of their training")
    curves: dict[str, tuple[str, plots.Curves]] = {}
    for dataset, of_dataset in ladders.items():
        names = [row.name for row in of_dataset]
        points = {
            name: [(row.examples, row.score) for row in of_dataset if row.name == name and row.examples is not None]
            for name in names
            if names.count(name) > 1
        }
        if points:
            curves[dataset] = (of_dataset[0].metric, points)
    if curves:
        plots.score_over_examples(curves, folder / "examples.png", "scores over the number of training texts")
    rows = {dataset: [dataclasses.asdict(row) for row in of_dataset] for dataset, of_dataset in ladders.items()}
    metrics = {"recipe": "ladder", "rows": rows, "versions": versions()}
    files.write_json(folder / "metrics.json", metrics)
    return metrics


if __name__ == "__main__":
    main(read_flags(Config))
