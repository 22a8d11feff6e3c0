"""What is fuzzed: every place where bytes of a stranger come in.

Each target takes bytes and may raise nothing but an `InfonetError`: any other exception, a hang, or memory that grows
without bound is a finding. `run.py` fuzzes them, test/fuzz replays what was found.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infonet_ros.errors import InfonetError
from infonet_ros.estimator.network.weights import SHIPPED, load_weights
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import chosen_span
from infonet_ros.intake.tables.tables import Tables
from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.settings import Settings, load_settings, params_document
from infonet_ros.training.configuration import TrainingConfiguration

GUARDIAN = Path(__file__).parents[1] / "test" / "data" / "guardian"
WINDOWS = Settings(window=0.5, hop=0.25)  # short ones: the seeds last some seconds


def mcap(data: bytes) -> None:
    """Storage file of a ROS 2 bag."""
    _explore_bag("bag.mcap", data)


def sqlite(data: bytes) -> None:
    """Storage file of a ROS 2 bag, of the other kind."""
    _explore_bag("bag.db3", data)


def ros1(data: bytes) -> None:
    """Bag of ROS 1."""
    _explore_bag("bag.bag", data)


def metadata(data: bytes) -> None:
    """``metadata.yaml`` beside a storage file that is sound."""
    with _file("metadata.yaml", data) as path, suppress(InfonetError):
        (path.parent / "guardian.mcap").symlink_to(GUARDIAN / "guardian.mcap")
        with Bag([path.parent]) as bag:
            chosen_span(bag, 0.0, None)
            assert all(topic.count >= 0 for topic in bag.topics.values())


def table(data: bytes) -> None:
    """CSV file."""
    with _file("table.csv", data) as path:
        _explore(Tables([path]))


def settings(data: bytes) -> None:
    """Parameter file of the node and of the command line; what it holds survives being written and read again."""
    with _file("params.yaml", data) as path, suppress(InfonetError):
        found = load_settings(path)
        WindowStream(found)
        path.write_text(params_document(found), encoding="utf-8")
        assert load_settings(path) == found, found


def training(data: bytes) -> None:
    """YAML file that configures a training run."""
    with _file("training.yaml", data) as path, suppress(InfonetError):
        TrainingConfiguration.load(path)


def card(data: bytes) -> None:
    """Card beside the weights."""
    with _file("weights.json", data) as path, suppress(InfonetError):
        path.with_suffix(".safetensors").symlink_to(SHIPPED)
        load_weights(path.with_suffix(".safetensors"))


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (mcap, sqlite, ros1, metadata, table, settings, training, card)
}


def shipped_card() -> bytes:
    """Card of the shipped weights, without the lists that take no part in reading it."""
    contents = json.loads(SHIPPED.with_suffix(".json").read_text(encoding="utf-8"))
    return json.dumps({key: contents[key] for key in ("version", "shape", "sha256")}).encode()


def _explore_bag(name: str, data: bytes) -> None:
    with _file(name, data) as path:
        _explore(Bag([path]))


def _explore(recording: Bag | Tables) -> None:
    """Go the way of the analysis up to the windows, which is as far as strange bytes get."""
    with suppress(InfonetError), recording:
        span = chosen_span(recording, 0.0, None)
        found = propose(recording, WINDOWS, span).settings
        stream = WindowStream(found)
        for sample in recording.samples(found.modalities, span.start, span.stop):
            stream.push(sample.modality, sample.stamp, sample.values)
            for cut in stream.ready():
                cut.align()


@contextmanager
def _file(name: str, data: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="infonet-fuzz-") as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        yield path
