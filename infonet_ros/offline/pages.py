"""Templates of HTML pages. Names come from recordings and are not trusted: every value is escaped."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def template(name: str) -> Template:
    """Return a template of this package by its file name."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("infonet_ros.offline"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
