"""Apache Beam pipelines over text that is larger than a machine: counts, token ids, duplicates, predictions.

A pipeline reads ranges of files, and writes a file for each range. It uses the functions with which recipes read text
on one machine. Apache Beam is an extra: it is imported in the functions that need it.
"""
