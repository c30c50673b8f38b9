"""The table of systems is complete, and is the one that the code has."""

import pytest

from kerasnlp_zoo import models
from kerasnlp_zoo.commands.recipes import _paths as recipe_paths
from tests.systems import PAGE, PARTS, SYSTEMS, cells, page


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_a_cell_has_a_name_or_a_reason(system):
    for column, text in cells(system).items():
        assert bool(text) != (column in system.reasons), f"{column}: {text or 'empty, without a reason'}"


def test_the_page_is_the_table_of_the_code():
    assert PAGE.read_text("utf-8") == page(), "Write it again: python -m tests.systems"


def test_every_builder_and_recipe_has_a_row():
    assert {system.builder for system in SYSTEMS} - {None} == set(models.BUILDERS) - set(PARTS)
    assert {system.recipe for system in SYSTEMS} == set(recipe_paths()) - {"ladder"}  # it trains the models of others
