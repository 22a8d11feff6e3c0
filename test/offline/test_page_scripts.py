"""The JavaScript of the pages, run by Node; what it reads is compared with what Python wrote."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from html_pages import Page
from reports import PROVENANCE
from table_files import written

from infonet_ros.offline.findings.delay_words import Delay
from infonet_ros.offline.pages.report import render_report
from infonet_ros.offline.whole_recording.significance import SIGNIFICANCE

SCRIPT = Path(__file__).with_name("page_scripts.test.js")


def node():
    """Return Node, 20 or later: as new as the browsers that the pages are for."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node is not installed (Debian: nodejs)")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < 20:
        pytest.skip(f"Node is {version.strip()}, and 20 is needed")
    return found


def plain(values):
    return [[float(value) if np.isfinite(value) else None for value in row] for row in values]


def truth_of(analysis, a, b):
    """What Node must find in the page's data, computed in another way."""
    whole, channels = analysis.whole, range(len(analysis.names))
    words = [[Delay.of(analysis, i, j).words if i != j else "" for j in channels] for i in channels]
    known = {"none": "no delay", "not clear": "delay not clear"}
    shift = round(float(whole.matrix.lag[a, b]) * whole.overview.window.rate)
    early, late = whole.ranks[: len(whole.ranks) - shift, a], whole.ranks[shift:, b]
    together = np.isfinite(early) & np.isfinite(late)
    curve = next(curve for curve in whole.curves if curve.pair == (a, b))
    clear = [[i != j and Delay.of(analysis, i, j).clear for j in channels] for i in channels]
    return {
        "mi": plain(whole.matrix.mi),
        "windows": [plain(matrix.mi) for matrix in analysis.matrices],
        "significant": whole.matrix.significant(SIGNIFICANCE, adjusted=True).tolist(),
        "delays": [[known.get(text, text.replace("s): add", "s)")) for text in row] for row in words],
        "lag": plain(np.where(clear, whole.matrix.lag, np.nan)),
        "pair": [a, b],
        "ranks": np.stack([early[together], late[together]], axis=1).tolist(),
        "table": np.clip(whole.discriminants[a, b], -5.0, 5.0).tolist(),  # bytes hold no more
        "curve": {"lags": [float(lag) for lag in curve.lags], "mi": [float(mi) for mi in curve.mi]},
    }


def test_the_scripts_of_the_pages(small_analysis, tmp_path):
    assert small_analysis.whole.matrix.lag[0, 2] > 0.0, "the pair that is looked at has a delay"
    data = json.loads(Page(render_report(small_analysis, PROVENANCE)).scripts[1])
    file = written(tmp_path, json.dumps({"data": data, "truth": truth_of(small_analysis, 0, 2)}), "data.json")
    environment = {**os.environ, "INFONET_PAGE_DATA": str(file)}
    done = subprocess.run([node(), "--test", str(SCRIPT)], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped 0" in done.stdout
