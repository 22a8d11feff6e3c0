"""Formulas as MathML, made by docutils when the site is built: browsers draw it themselves, without a script."""

from docutils.nodes import SkipNode, document, math, math_block
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer, which `html_math_renderer` chooses by its name."""
    app.connect("doctree-read", _check)
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _check(app: Sphinx, page: document) -> None:
    """Warn of formulas that docutils does not know, also if nothing is written, as in `make lint`."""
    for formula in (*page.findall(math), *page.findall(math_block)):
        try:
            tex2mathml(formula.astext())
        except MathError as error:
            logging.getLogger(__name__).warning("%s in the formula %s", error, formula.astext(), location=formula)


def _visit_inline(translator: HTML5Translator, node: math) -> None:
    translator.body.append(tex2mathml(node.astext()))
    raise SkipNode


def _visit_block(translator: HTML5Translator, node: math_block) -> None:
    translator.body.append(tex2mathml(node.astext(), as_block=True))
    raise SkipNode
