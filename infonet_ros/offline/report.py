"""One HTML file that explains a recording, works without a network, and can be sent to a colleague.

Rendering is pure: an analysis in, a page out. Names come from the recording and are not trusted: in the words they are
escaped, in the data no ``<`` survives, and a content security policy lets only the scripts run that are meant to.
"""

import base64
import hashlib
from html import escape
from importlib.resources import files
from string import Template

from infonet_ros.errors import MissingDependencyError
from infonet_ros.offline import report_sections as sections
from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.provenance import Provenance
from infonet_ros.offline.report_data import kept_windows, page_data


def render_report(analysis: Analysis, provenance: Provenance) -> str:
    """Render the page.

    Raises
    ------
    MissingDependencyError
        plotly, whose charts the page carries, is not installed.
    """
    plotly, script = _plotly(), _part("report.js")
    kept = kept_windows(analysis)
    return Template(_part("report.html")).substitute(
        title=escape(analysis.label),
        subtitle=escape(sections.subtitle(analysis)),
        style=_part("report.css"),
        script_hashes=" ".join(f"'sha256-{_digest(text)}'" for text in (plotly, script)),
        last_window=len(kept) - 1,
        marks=sections.marks(analysis),
        summary=sections.summary(analysis, provenance, len(kept)),
        strongest=sections.strongest(analysis),
        changes=sections.changes(analysis, kept),
        modalities=sections.modalities(analysis),
        topics=sections.topics(analysis),
        channels=sections.channels(analysis),
        origin=sections.origin(analysis, provenance),
        data=page_data(analysis, kept, sections.time_title(analysis)),
        plotly=plotly,
        script=script,
    )


def _part(name: str) -> str:
    return (files("infonet_ros.offline") / name).read_text(encoding="utf-8")


def _plotly() -> str:
    try:
        return (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    except (ImportError, FileNotFoundError) as error:
        raise MissingDependencyError(
            "The HTML report", "plotly", "run `pip install plotly`, or leave html out"
        ) from error


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
