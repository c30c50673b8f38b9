"""Recipes: each is a complete script that trains one family of models, from the data to a model for serving."""
