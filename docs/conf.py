"""Settings of the site: `python -m sphinx -W docs site` builds it in the folder `site`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "extensions")]

from source_pages import link_from_the_reference  # noqa: E402

project = "kerasnlp_zoo"
copyright = "the authors of kerasnlp_zoo, Apache-2.0"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "architecture",
    "mathml",
    "plain_docstrings",
    "source_pages",
]
exclude_patterns = ["extensions"]

# Pages are Markdown that also reads well without this site: links lead to files.
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "off"

# The reference comes from the docstrings, which have a few sections of their own.
default_role = "code"
autodoc_member_order = "bysource"
# Left out: what Keras asks of every layer.
autodoc_default_options = {
    "members": True,
    "imported-members": True,
    "exclude-members": "build, compute_output_shape, compute_output_spec, get_config, from_config",
}
toc_object_entries_show_parents = "hide"
napoleon_custom_sections = [("Call arguments", "params_style"), ("Shapes", "notes_style")]
linkcode_resolve = link_from_the_reference
suppress_warnings = ["ref.python"]  # two classes are called Attention; types in signatures name them without a module

html_theme = "furo"
html_title = "kerasnlp_zoo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
