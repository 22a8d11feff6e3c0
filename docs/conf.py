"""The site that `make docs` builds: every Markdown file of the repository at its own place.

So a link that works in the repository works in the site, and Sphinx sees every one of them.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

from infonet_ros import __version__

project = "infonet_ros"
author = "infonet_ros maintainers"
copyright = author
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "mathml", "reference"]
root_doc = "docs/index"
include_patterns = [
    "README.md",
    "docs/*.md",
    "benchmarks/results/*.md",
    "examples/*/README.md",
    "infonet_ros/models/README.md",
    "share/*/README.md",
]
exclude_patterns = [".venv", "build", "install", "log", "site"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
highlight_language = "none"

napoleon_google_docstring = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True  # SHIPPED, not where it lies on this machine
autodoc_typehints = "none"  # the docstrings say more: shapes and units

smartquotes = False

html_theme = "furo"
html_title = "infonet_ros"
html_math_renderer = "mathml"
html_extra_path = ["_root"]  # the front page of the site leads to that of docs/
html_static_path = ["_static"]
html_css_files = ["site.css"]
