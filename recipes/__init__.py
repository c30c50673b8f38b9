"""Recipes: each trains one family from data to a served model, readable top to bottom."""
