"""Tables of docs/ made from the results, between two comments that mark the section.

    python -m benchmarks.pages

Also lays out the Markdown and the pictures beside the results again.
"""

import re
import textwrap
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy import INDEPENDENT, mean_rows
from benchmarks.benchmark import RESULTS, Benchmark, load, report, save, verdict
from benchmarks.peers.estimators import INFONET
from benchmarks.speed import GOALS, ratios
from benchmarks.tables import markdown_table, paragraphs

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
ACCURACY, PERFORMANCE = ROOT / "docs" / "accuracy.md", ROOT / "docs" / "performance.md"
RELIABILITY = ROOT / "docs" / "reliability.md"


def main() -> None:
    """Write the sections again, and the Markdown and pictures of the results."""
    for name, record in records().items():
        save(_benchmark(name), record, RESULTS)
    for page, section, text in sections():
        page.write_text(with_section(page.read_text(encoding="utf-8"), section, text), encoding="utf-8")


def records() -> dict[str, dict[str, Any]]:
    """Return all records of the results, by the benchmark's name."""
    return {file.stem: load(file) for file in sorted(RESULTS.glob("*.json"))}


def table(name: str, record: dict[str, Any]) -> str:
    """Return the Markdown of one benchmark's record."""
    return report(_benchmark(name), record)


def sections() -> list[tuple[Path, str, str]]:
    """Return page, name and text of each section that the results fill."""
    found = records()
    made = [(README, "in short", in_short(found)), (ACCURACY, "accuracy", accuracy_section(found))]
    if "profile_hop" in found:
        made.append((PERFORMANCE, "hop", table("profile_hop", found["profile_hop"])))
    if "speed" in found:
        made.append((PERFORMANCE, "machines", machine_table(found["speed"], *other_machines())))
    if "reliability" in found:
        made.append((RELIABILITY, "reliability", table("reliability", found["reliability"])))
    return made


def with_section(page: str, name: str, text: str) -> str:
    """Put a text between ``<!-- <name>: begin ... -->`` and ``<!-- <name>: end -->``.

    Raises
    ------
    ValueError
        The page does not have the two comments, once each.
    """
    marked = re.compile(rf"(<!-- {name}: begin.*?-->\n).*?(<!-- {name}: end -->)", re.DOTALL)
    replaced, count = marked.subn(lambda found: f"{found[1]}\n{text.strip()}\n\n{found[2]}", page)
    if count != 1:
        raise ValueError(f"the page has {count} sections between '<!-- {name}: begin' and its end, expected 1.")
    return replaced


IN_SHORT = {
    "error relative to the nearest-neighbour estimator (KSG)": ("accuracy", "families with mixtures"),
    "the 90 % interval contains the true value, on families left out of training": ("coverage", "T = 2000"),
    "error of conditional MI relative to KSG": ("conditional", "T = 1000"),
    "false alarms of the p-value at the 5 % level, on slow streams": ("significance", "false alarms"),
    "pairs per second relative to KSG": ("speed", "T = 5000"),
    "faults detected in a real drive": ("detection", "faults found"),
}
"""The figures of README.md: their words, the benchmark, and a text that selects the first matching claim of it."""


def in_short(found: dict[str, dict[str, Any]]) -> str:
    """Return the few numbers for README.md; docs/accuracy.md has all, with the commands."""
    rows = []
    for words, (name, text) in IN_SHORT.items():
        claims = _benchmark(name).claim(found[name]["results"])
        claim = next(claim for claim in claims if text in claim.text)
        rows.append(f"- {words}: **{claim.measured.partition(' (')[0]}**")
    return "\n".join(rows)


def accuracy_section(found: dict[str, dict[str, Any]]) -> str:
    """Errors at T = 2000 beside other estimators, and every claim with its command."""
    accuracy = found["accuracy"]
    by_family = accuracy["results"]["errors"]["2000"]
    names = list(by_family[INDEPENDENT])
    rows = [[family, *(f"{by[name][0]:.4f}" for name in names)] for family, by in by_family.items()]
    rows += mean_rows(by_family, empty=())
    others = [samples for samples in accuracy["results"]["errors"] if samples != "2000"]
    processors = sorted({record["environment"]["processor"] for record in found.values()})
    return paragraphs(
        _wrapped(
            f"Mean absolute error in nats at T = 2000, by `{accuracy['command']}`. The oracle averages the true "
            "pointwise MI over the same samples: an estimator without a prior is not expected to be better."
        ),
        markdown_table(["family", *names], rows),
        _wrapped(
            f"[The full tables](../benchmarks/results/accuracy.md) have bias, repetitions, T = {', '.join(others)}, "
            f"and MINE trained on each pair. All claims, on {' or '.join(processors)}; each page names its machine:"
        ),
        claim_table(found),
        "![Error by family and by T](../benchmarks/results/accuracy.png)",
    )


def other_machines() -> list[dict[str, Any]]:
    """Return the records of speed from elsewhere: ``machines/<name>/speed.json`` below the results."""
    return [load(file) for file in sorted(RESULTS.glob("machines/*/speed.json"))]


def machine_table(*found: dict[str, Any]) -> str:
    """Speed for 32 channels, a row for each machine."""
    header = ["processor", "cores", "the network on", "weights"]
    header += [f"{what}, T = {t}" for t in GOALS for what in ("pairs per second", "times KSG (ennemi)")]
    rows = []
    for record in found:
        machine, by_samples = record["environment"], record["results"]["samples"]
        row = [machine["processor"], str(machine["cores"]), record["device"], record["weights"]]
        for t in GOALS:
            row += [f"{np.median(by_samples[t][INFONET]):,.0f}", f"{np.median(ratios(by_samples[t])):.0f}"]
        rows.append(row)
    return markdown_table(header, rows)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def claim_table(found: dict[str, dict[str, Any]]) -> str:
    """All claims of all records, misses included, each with the command that shows it."""
    rows = []
    for name, record in found.items():
        command = f"[`{record['command']}`](../benchmarks/results/{name}.md)"
        for claim in _benchmark(name).claim(record["results"]):
            rows.append([claim.text, claim.goal, claim.measured, verdict(claim), command])
    return markdown_table(["claim", "goal", "measured", "reached", "command"], rows)


def _benchmark(name: str) -> Benchmark:
    return import_module(f"benchmarks.{name}").BENCHMARK


if __name__ == "__main__":
    main()
