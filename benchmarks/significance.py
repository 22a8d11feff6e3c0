"""False alarms and power of the p-value on slow streams: AR(1) pairs, independent and coupled, by circular shifts.

python benchmarks/significance.py [--pairs 400] [--out benchmarks/results]
"""

import argparse
from pathlib import Path

import numpy as np
from report import environment, markdown_table, write_results
from scipy.signal import lfilter
from scipy.stats import binomtest
from tqdm import tqdm

from infonet_ros import InfoNet

COEFFICIENT = 0.95
SAMPLES = 1000
INFORMATION = 0.2  # nats, of the coupled pairs
LEVEL = 0.05
SURROGATES = 99


def main() -> None:
    """Run, print the table, and write it with the machine and versions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=400, help="pairs of each kind")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), help="folder of the results")
    arguments = parser.parse_args()
    net = InfoNet.from_pretrained("cpu")
    rng = np.random.default_rng(11)
    rho = np.sqrt(-np.expm1(-2.0 * INFORMATION))
    shares = {}
    for name, correlation in (("false alarms, independent", 0.0), (f"power, coupled to {INFORMATION} nats", rho)):
        hits = 0
        for _ in tqdm(range(arguments.pairs), desc=name):
            noise = rng.standard_normal((2, SAMPLES + 500))
            x, own = lfilter([1.0], [1.0, -COEFFICIENT], noise, axis=1)[:, 500:]
            y = correlation * x + np.sqrt(1.0 - correlation**2) * own
            hits += net.estimate(x, y, surrogates=SURROGATES).p_value <= LEVEL
        interval = binomtest(hits, arguments.pairs).proportion_ci(0.95)
        shares[name] = (hits / arguments.pairs, interval.low, interval.high)
    rows = [
        [name, f"{100 * share:.1f} %", f"{100 * low:.1f} to {100 * high:.1f} %"]
        for name, (share, low, high) in shares.items()
    ]
    table = markdown_table(["AR(1) pairs", "called dependent", "95 % confidence"], rows)
    text = (
        f"Coefficient {COEFFICIENT}, T = {SAMPLES}, {arguments.pairs} pairs of each kind, {SURROGATES} surrogates, "
        f"level {100 * LEVEL:.0f} %\n\n{table}\n"
    )
    print(text)
    write_results(arguments.out, "significance", {"environment": environment(), "shares": shares}, text)


if __name__ == "__main__":
    main()
