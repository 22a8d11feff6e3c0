"""Coverage-guided fuzzing (Atheris, libFuzzer) of all targets, or of those named.

    make fuzz SECONDS=60
    python fuzz/run.py --seconds 600 mcap table

The corpus grows from run to run under build/fuzz/<target>/. A finding is written there too; to keep it as a test,
copy it to test/fuzz/findings/<target>/ once it is corrected (`--minimise FILE` makes it smaller first).
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import atheris

FOLDER = Path(__file__).parents[1] / "build" / "fuzz"
LIMITS = ("-timeout=20", "-rss_limit_mb=2048", "-max_len=65536")


def main() -> int:
    """Fuzz one target after the other; return 1 if there were findings."""
    options = _options()
    if options.one:
        _fuzz(options.one, options.arguments)
    from seeds import write_seeds
    from targets import TARGETS

    write_seeds(FOLDER / "seeds")
    names = options.targets or list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        sys.exit(f"no target {', '.join(sorted(unknown))}: expected any of {', '.join(TARGETS)}.")
    if options.minimise:
        arguments = ["-minimize_crash=1", f"-exact_artifact_path={options.minimise}.min", options.minimise]
        return _call(names[0], [f"-max_total_time={options.seconds}", *arguments]).returncode
    found = [name for name in names if not _runs_clean(name, options.seconds // len(names))]
    return 1 if found else 0


def _runs_clean(name: str, seconds: int) -> bool:
    """Fuzz a target for some seconds in a process of its own, and print a line about it."""
    corpus, findings = FOLDER / name / "corpus", FOLDER / name / "findings"
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    arguments = [f"-max_total_time={max(1, seconds)}", f"-artifact_prefix={findings}/", "-print_final_stats=1"]
    run = _call(name, [*arguments, str(corpus), str(FOLDER / "seeds" / name)])
    log = run.stdout.decode(errors="replace")
    (FOLDER / name / "log.txt").write_text(log, encoding="utf-8")
    inputs, edges = (re.findall(f"{what}: ([0-9]+)", log)[-1:] for what in ("number_of_executed_units", "cov"))
    outcome = "nothing found" if run.returncode == 0 else f"FINDING, see {FOLDER / name}"
    print(f"{name:10s} {''.join(inputs) or '?':>9s} inputs, {''.join(edges) or '?'} edges: {outcome}", flush=True)
    return run.returncode == 0


def _call(name: str, arguments: list[str]) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, __file__, "--one", name, "--", *LIMITS, *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def _fuzz(name: str, arguments: list[str]) -> None:
    """Hand this process over to libFuzzer; it does not return."""
    with atheris.instrument_imports(include=["infonet_ros", "rosbags", "yaml"]):
        from targets import TARGETS
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name])
    atheris.Fuzz()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", help="by default all")
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together")
    parser.add_argument("--minimise", metavar="FILE", help="make a finding of the one target that is named smaller")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    options.arguments = options.targets + rest if options.one else rest
    return options


if __name__ == "__main__":
    sys.exit(main())
