"""One HTML file that explains a recording, works without a network, and can be sent to a colleague.

Rendering is pure: an analysis in, a page out.
"""

from infonet_ros.drawing.labels import short_names
from infonet_ros.drawing.links import link_picture
from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.findings.sentences import links
from infonet_ros.offline.pages import report_sections as sections
from infonet_ros.offline.pages.html import render
from infonet_ros.offline.pages.report_data import colour_scale, kept_windows, page_data
from infonet_ros.offline.results.provenance import Provenance
from infonet_ros.offline.whole_recording.groups import similar_order


def render_report(analysis: Analysis, provenance: Provenance) -> str:
    """Render the page."""
    kept, labels = kept_windows(analysis), short_names(analysis.names)
    order, together = similar_order(analysis.whole, analysis.significance), analysis.groups
    return render(
        "report.html",
        styles=("report.css",),
        scripts=("charts.js", "numbers.js", "report.js"),
        label=analysis.label,
        subtitle=sections.subtitle(analysis),
        findings=sections.shown_findings(analysis, kept),
        significance=str(analysis.significance),
        notes=sections.notes(analysis, provenance, len(kept)),
        names=analysis.names,
        labels=labels,
        groups=together,
        picture=link_picture([group.members for group in together], links(analysis), order.tolist()),
        last_window=len(kept) - 1,
        scale=colour_scale(analysis),
        marks=sections.marks(analysis),
        pairs=sections.pairs(analysis, labels),
        more_pairs=max(0, len(analysis.strongest()) - sections.LISTED),
        changes=sections.changes(analysis, labels, kept),
        several_topics=analysis.whole.between_modalities is not None,
        topics=sections.topics(analysis),
        channels=sections.channels(analysis),
        origin=sections.origin(analysis, provenance),
        params=provenance.params,
        data=page_data(analysis, kept, labels, order, sections.time_title(analysis)),
    )
