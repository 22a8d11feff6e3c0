"""From a recording to results and their files: `analyse_bag` for scripts; the command line takes the same steps."""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from infonet_ros.errors import InputError, MissingDependencyError, WeightsError
from infonet_ros.estimator.dataframes import to_dataframe
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.validation import as_count
from infonet_ros.files import as_path
from infonet_ros.intake.opener import open_recording
from infonet_ros.intake.proposing.proposal import FieldVerdict, Proposal, propose
from infonet_ros.intake.recording import Recording, Span, chosen_span
from infonet_ros.offline.analysis import Analysis, analyse
from infonet_ros.offline.findings.directing import direct
from infonet_ros.offline.findings.explaining import explain
from infonet_ros.offline.findings.findings_record import findings_record
from infonet_ros.offline.findings.sentences import findings
from infonet_ros.offline.named_channels import with_named
from infonet_ros.offline.pages.report import render_report
from infonet_ros.offline.progress import Progress, silent
from infonet_ros.offline.results import writers
from infonet_ros.offline.results.formats import Format
from infonet_ros.offline.results.matrix_bag import StampError, write_matrix_bag
from infonet_ros.offline.results.outputs import OutputFolder
from infonet_ros.offline.results.provenance import Provenance
from infonet_ros.offline.workers import Workers
from infonet_ros.settings import Settings, params_document
from infonet_ros.settings.checks import checked_size, checked_text, several
from infonet_ros.text import printable

if TYPE_CHECKING:
    import pandas

PARAMS_FILE = "params.yaml"

# Left out with a notice if they were not requested and a package is missing, or a ROS stamp cannot hold the times.
_DISPENSABLE = (Format.parquet, Format.mcap)


@dataclass(frozen=True, eq=False, repr=False)
class Results:
    """The findings in a recording.

    Attributes
    ----------
    analysis : Analysis
    files : tuple of Path
        Written to the output folder, if there is one.
    notices : tuple of str
        Sentences about what was left out.
    fields : tuple of FieldVerdict
        The decision of a proposal about every numeric field; empty if the channels were given.
    """

    analysis: Analysis
    files: tuple[Path, ...]
    notices: tuple[str, ...]
    fields: tuple[FieldVerdict, ...] = ()

    @property
    def findings(self) -> tuple[str, ...]:
        """The sentences of the report, the most useful first."""
        return tuple(one.sentence for one in findings(self.analysis))

    def to_dataframe(self) -> "pandas.DataFrame":
        """Return one row for each pair, the most useful first: the fields of ``pairs`` in ``--json``.

        Raises
        ------
        MissingDependencyError
            Without pandas.
        """
        return to_dataframe(findings_record(self.analysis)["pairs"])

    def __repr__(self) -> str:
        """Show the sentences: the arrays of an analysis are thousands of lines."""
        lines = (f"  {number}. {sentence}" for number, sentence in enumerate(self.findings, start=1))
        return "\n".join([f"{self.analysis.label}:", *lines])

    def _repr_html_(self) -> str:
        """Show the sentences in a notebook."""
        lines = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.findings)
        return f"<p>{escape(self.analysis.label)}</p><ol>{lines}</ol>"


def analyse_bag(
    path: Path | str | Sequence[Path | str],
    out: Path | str | None = None,
    settings: Settings | None = None,
    *,
    start: float = 0.0,
    duration: float | None = None,
    given: str | Sequence[str] = (),
    target: str = "",
    formats: str | Sequence[str] | None = None,
    cores: int | None = None,
) -> Results:
    """Analyse a bag, or a table; nothing is printed.

    Parameters
    ----------
    path : path, or several
        A bag or a table; several that are one recording.
    out : path, optional
        Folder for the results; without it, no file is written.
    settings : Settings, optional
        By default, or without modalities, channels are proposed, and so are rate, window and hop unless they differ
        from their defaults.
    start : float
        Seconds to skip at the beginning.
    duration : float, optional
        Seconds to analyse; by default, all.
    given : str, or several
        Channels, by their names here or in the recording, or "time": the MI of all pairs is conditional MI given them.
    target : str, optional
        Channel about which `analysis.informative` says which channels have most information.
    formats : str, or several, optional
        Some of "html", "csv", "parquet", "npz", "png" and "mcap"; by default all that this machine can write.
    cores : int, optional
        Processor cores to use; give 1 to each of several processes that share a machine.

    Raises
    ------
    InfonetError
        One sentence for the user; earlier files in the output folder have not changed.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import numpy as np
    >>> table = Path(mkdtemp()) / "drive.csv"
    >>> times, gyro = np.arange(2000) / 50.0, np.random.default_rng(0).standard_normal(2000)
    >>> rows = np.stack([times, gyro, np.roll(gyro, 5)], axis=1)
    >>> np.savetxt(table, rows, delimiter=",", header="time,gyro,odom", comments="")
    >>> results = analyse_bag(table)
    >>> pair = results.to_dataframe().iloc[0]
    >>> pair["a"], pair["b"], round(float(pair["lag"]), 2)
    ('table.gyro', 'table.odom', 0.1)
    """
    kinds = None if formats is None else [_format(name) for name in several("formats", formats)]
    if kinds and out is None:
        raise InputError(f"formats holds {kinds[0].value!r}, and out is None: expected a folder to write to.")
    paths = list(path) if isinstance(path, Iterable) and not isinstance(path, (str, bytes, Path)) else [path]
    if not paths:
        raise InputError(f"path is {path!r}: expected a bag or a table, or several.")
    start = checked_size("start", start)
    duration = None if duration is None else checked_size("duration", duration)
    cores = None if cores is None else as_count("cores", cores, least=1)
    settings = settings or Settings()
    if not isinstance(settings, Settings):
        raise InputError(f"settings is {settings!r}: expected Settings; `load_settings` reads them from a file.")
    with (
        open_recording([as_path("path", one, InputError) for one in paths]) as recording,
        nullcontext() if out is None else OutputFolder(as_path("out", out, InputError)) as folder,
    ):
        span = chosen_span(recording, start, duration)
        proposal = Proposal(settings) if settings.modalities else propose(recording, settings, span)
        proposal, target = with_named(proposal, several("given", given), checked_text("target", target or ""))
        analysis = analyse_proposal(recording, proposal, span, cores=cores, target=target)
        notices = [*recording.notices, *proposal.notices, *proposal.details, *analysis.notices]
        if folder is not None:
            notices += write_results(folder, analysis, kinds, notices)
    return Results(analysis, () if folder is None else tuple(folder.written), tuple(notices), proposal.fields)


def _format(name: str) -> Format:
    try:
        return Format(name)
    except ValueError as error:
        expected = ", ".join(kind.value for kind in Format)
        raise InputError(f"formats holds {name!r}: expected some of {expected}.") from error


def analyse_proposal(
    recording: Recording,
    proposal: Proposal,
    span: Span,
    *,
    progress: Progress = silent,
    cores: int | None = None,
    target: str = "",
) -> Analysis:
    """Analyse an open recording, and explain its pairs and the channel ``target``, if there is one."""
    settings = proposal.settings
    net = InfoNet.from_pretrained(settings.device, settings.weights)
    analysis = analyse(recording, settings, span, net, progress, cores=cores)
    try:
        with Workers(net.device, cores) as workers:
            return direct(net, explain(net, analysis, target), workers)
    except WeightsError as error:  # other weights, without a network of conditional MI
        if target:
            raise
        return replace(analysis, notices=(*analysis.notices, f"explanations are left out: {error}"))


def write_results(
    folder: OutputFolder, analysis: Analysis, formats: Sequence[Format] | None, notices: Sequence[str]
) -> list[str]:
    """Write all or some formats into a folder; return notices about those that a missing package leaves out."""
    comment = f"Settings of the analysis of {analysis.label}; the node takes them as they are."
    params = params_document(analysis.settings, printable(comment))
    provenance = Provenance.of_this_process(params, notices)
    matrices = analysis.matrices
    writes = {
        Format.csv: ("infonet.csv", lambda path: writers.write_csv(path, matrices)),
        Format.parquet: ("infonet.parquet", lambda path: writers.write_parquet(path, matrices)),
        Format.npz: ("infonet.npz", lambda path: writers.write_npz(path, analysis)),
        Format.png: ("heatmap.png", lambda path: writers.write_picture(path, analysis)),
        Format.mcap: ("matrices", lambda path: write_matrix_bag(path, {"/infonet/channels": matrices})),
        Format.html: (
            "report.html",
            lambda path: path.write_text(render_report(analysis, provenance), encoding="utf-8", newline="\n"),
        ),
    }
    folder.write(PARAMS_FILE, lambda path: path.write_text(params, encoding="utf-8"))
    missing = []
    for kind in Format if formats is None else dict.fromkeys(formats):
        try:
            folder.write(*writes[kind])
        except (MissingDependencyError, StampError) as error:
            if formats is not None or kind not in _DISPENSABLE:
                raise
            missing.append(str(error))
    return missing
