"""Analyses for reports: with malicious names, or large."""

from dataclasses import replace
from datetime import datetime, timezone

import numpy as np
from matrices import dependence_matrix

from infonet_ros.offline.results.provenance import Provenance
from infonet_ros.offline.whole_recording.kinship import Kinship
from infonet_ros.settings import Modality

EVIL = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">\x1b[31m"
EVIL_SHOWN = EVIL.replace("\x1b", r"\x1b")
EVIL_TOPIC = "/\"><svg onload=document.title='taken'>"
EVIL_NAMES = (EVIL, "<b>bold</b> & 'quoted'", "speed\u2028.data</SCRIPT>")

PROVENANCE = Provenance(
    command="infonet bag small --window 10",
    versions={"infonet_ros": "0.1.0"},
    made=datetime(2026, 5, 1, 12, 0, 0, tzinfo=timezone.utc),
    params="infonet:\n",
    notices=("a <b>notice</b>",),
)
EVIL_PROVENANCE = replace(PROVENANCE, command=EVIL, params=EVIL, notices=(EVIL,))


def renamed(analysis, names):
    """Give the channels of an analysis other names, and malicious names to everything else."""
    new = dict(zip(analysis.names, names, strict=True))
    return replace(
        analysis,
        label=EVIL,
        settings=replace(
            analysis.settings,
            modalities=tuple(replace(m, topic=EVIL_TOPIC) for m in analysis.settings.modalities),
        ),
        matrices=tuple(replace(m, names=names) for m in analysis.matrices),
        whole=replace(
            analysis.whole,
            matrix=replace(analysis.whole.matrix, names=names),
        ),
        changes=tuple(replace(c, a=new[c.a], b=new[c.b]) for c in analysis.changes),
        relation_changes=tuple(
            replace(c, channel=new[c.channel], beside=tuple(new[one] for one in c.beside))
            for c in analysis.relation_changes
        ),
        topics=tuple(replace(t, name=EVIL, type=EVIL) for t in analysis.topics),
    )


def large(analysis, topics=8, fields=4, windows=2000):
    """Make an analysis of many channels and windows, with every pair significant, out of a small one."""
    modalities = tuple(
        Modality(
            f"a_topic_with_a_long_name_{k}", f"/topic_{k}", tuple(f"some.path.to.value[{j}]" for j in range(fields))
        )
        for k in range(topics)
    )
    settings = replace(analysis.settings, modalities=modalities)
    names = settings.channel_names
    count, rng = len(names), np.random.default_rng(0)
    pairs = {(a, b): (rng.uniform(0.1, 2.0), 0.0, 1e-6) for i, a in enumerate(names) for b in names[i + 1 :]}
    matrix = dependence_matrix(names, pairs)
    whole = analysis.whole
    repeats = -(-count // whole.ranks.shape[1])
    return replace(
        analysis,
        settings=settings,
        matrices=(matrix,) * windows,
        changes=(),
        relation_changes=(),
        whole=replace(
            whole,
            matrix=matrix,
            undelayed=matrix,
            delay_lower=np.full((count, count), np.nan, dtype=np.float32),
            delay_upper=np.full((count, count), np.nan, dtype=np.float32),
            overview=replace(
                whole.overview,
                window=replace(whole.overview.window, names=names, samples=np.zeros((15_000, count))),
                stamps=np.linspace(0, 1e12, 15_000).astype(np.int64),
            ),
            ranks=np.resize(np.tile(whole.ranks, (1, repeats))[:, :count], (15_000, count)),
            kinship=Kinship.of(np.zeros((1, count)), 1.0, settings),
            curves=(),
            discriminants={
                (a, b): next(iter(whole.discriminants.values())) for a in range(count) for b in range(a + 1, count)
            },
        ),
    )
