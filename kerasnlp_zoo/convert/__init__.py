"""Convert BERT and DistilBERT from and to transformers and sentence-transformers, and BERT from Google of 2018."""

from kerasnlp_zoo.convert.converted import ConvertedBert
from kerasnlp_zoo.convert.huggingface import read_huggingface
from kerasnlp_zoo.convert.huggingface_writer import write_huggingface
from kerasnlp_zoo.convert.pytorch_file import read_pytorch
from kerasnlp_zoo.convert.tf1_checkpoint import read_tf1_checkpoint

__all__ = ["ConvertedBert", "read_huggingface", "read_pytorch", "read_tf1_checkpoint", "write_huggingface"]
