"""The first ids of every vocabulary of words; those of models that write text have all four."""

PADDING_ID, UNKNOWN_ID, START_ID, END_ID = range(4)
