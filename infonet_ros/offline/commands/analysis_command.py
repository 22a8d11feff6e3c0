"""Runs `infonet bag` and `infonet csv`: notices on standard error, a summary or JSON on standard output."""

import json
import time
from dataclasses import asdict, replace
from pathlib import Path

from infonet_ros.intake.proposing.proposal import Proposal, matching_topics, propose
from infonet_ros.intake.recording import Recording, Span, chosen_span
from infonet_ros.offline.commands.options import Options
from infonet_ros.offline.findings.findings_record import findings_record
from infonet_ros.offline.findings.sentences import findings
from infonet_ros.offline.job import Results, analyse_proposal, write_results
from infonet_ros.offline.named_channels import with_named
from infonet_ros.offline.progress import print_notices, progress_bars, standard_error
from infonet_ros.offline.results.outputs import OutputFolder
from infonet_ros.settings import TIME, Settings, load_settings
from infonet_ros.text import counted, listed, printable

_SHOWN = 5  # sentences on the terminal; the report has the rest


def run(recording: Recording, options: Options, out: Path) -> None:
    """Run an analysis with the options of a command line. Raises InfonetError as `analyse_bag` does."""
    began = time.perf_counter()
    console = standard_error(options.quiet)
    with OutputFolder(out) as folder:
        span = chosen_span(recording, options.start, options.duration)
        printed = list(recording.notices)
        print_notices(console, printed)
        proposal = _proposal(recording, options, span)
        proposal, target = with_named(proposal, options.given or (), options.target or "", dashes="--")
        with progress_bars(console) as progress:
            analysis = analyse_proposal(recording, proposal, span, progress=progress, target=target)
            notices = [*recording.notices, *proposal.notices, *proposal.details, *analysis.notices]
            missing = write_results(folder, analysis, options.formats, notices)
    results = Results(analysis, tuple(folder.written), (*notices, *missing), proposal.fields)
    if options.json:
        record = findings_record(results.analysis)
        record |= {
            "summary": [str(results.analysis.significance), *proposal.brief],
            "notices": results.notices,
            "fields": [asdict(verdict) for verdict in results.fields],
            "files": [str(path) for path in results.files],
        }
        print(json.dumps(record, indent=2))
    elif not options.quiet:
        print(_summary(results, proposal, out, time.perf_counter() - began), flush=True)
    # At the end, so that they do not hide an error; the summary has the details in brief.
    late = [notice for notice in recording.notices if notice not in printed]
    details = proposal.details if options.json else ()
    print_notices(console, (*late, *proposal.notices, *details, *analysis.notices, *missing))


def _proposal(recording: Recording, options: Options, span: Span) -> Proposal:
    """Return the settings of the parameter file or of a proposal, changed by the options of the command line."""
    settings = Settings() if options.params is None else load_settings(options.params)
    settings = settings.with_values(**options.overrides)
    if not settings.modalities:
        return propose(recording, settings, span, options.topics or (), options.max_channels, options.overrides)
    if options.topics:
        wanted = matching_topics(recording, options.topics)
        modalities = tuple(m for m in settings.modalities if m.topic in wanted)
        kept = {TIME, *(name for m in modalities for name in (m.name, *m.channel_names))}
        watches = tuple(w for w in settings.watches if {*w.pair, *w.given} <= kept)
        settings = replace(settings, modalities=modalities, watches=watches)
    return Proposal(settings)


def _summary(results: Results, proposal: Proposal, out: Path, seconds: float) -> str:
    analysis, given = results.analysis, results.analysis.settings.given
    channels = counted(len(analysis.names), "channel") + (f" given {listed(given)}" if given else "")
    lines = [f"{analysis.label}: {channels}, {counted(len(analysis.matrices), 'window')}, in {seconds:.1f} s."]
    *sentences, changes = findings(analysis)
    lines += [f"  {number}. {one}" for number, one in enumerate(sentences[:_SHOWN], start=1)]
    lines += [f"  {changes}", str(analysis.significance), *proposal.brief]
    lines.append(f"Written to {out}: {', '.join(path.name for path in results.files)}")
    return "\n".join(map(printable, lines))
