"""Entries of kerasnlp-zoo, each in a folder of its name: the only module of the package kerasnlp-zoo-entries."""
