"""One hop of the node, stage by stage on one thread, with the least that each must compute and move. Needs ROS 2."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rclpy
import torch
from geometry_msgs.msg import QuaternionStamped
from rclpy.serialization import serialize_message
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.benchmark import timed
from benchmarks.live.load import Load
from benchmarks.live.module_clock import ModuleClock
from infonet_ros import InfoNet
from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.dependence.window_matrices import channel_matrix
from infonet_ros.estimator.network import (
    blocks,
    counts,
    observation,
    pair_network,
    plug_ins,
    ranked_channels,
    readout,
    symmetry,
)
from infonet_ros.estimator.samples import effective_samples, holding, ranks, updates
from infonet_ros.intake.messages.decoder import Decoder
from infonet_ros.intake.messages.types import installed_definitions
from infonet_ros.intake.windows.window import Cut, Window
from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.inputs.polling import USUAL_PERIOD
from infonet_ros.node.outputs.messages import matrix_message
from infonet_ros.settings import Settings, settings_from_parameters
from infonet_ros.text import NANOSECONDS

# Modules of the estimator by stage; those that are not named here count as the rest.
_MODULES = {
    "ranks": (ranks,),
    "grids": (blocks, counts, observation, plug_ins, ranked_channels),
    "network": (pair_network, readout, symmetry),
    "memory of the streams": (effective_samples, holding, updates),
}
_STAGES = {
    module.__name__.removeprefix("infonet_ros."): stage for stage, modules in _MODULES.items() for module in modules
}
REST = "rest of the estimator"
TYPE = "geometry_msgs/msg/QuaternionStamped"


@dataclass(frozen=True)
class Stage:
    """A stage of one hop: how long it takes, and the least work that it stands for.

    ``operations`` are on floating-point numbers, ``moved`` are bytes, read and written.
    """

    name: str
    seconds: float
    operations: float
    moved: float


class Hop:
    """The messages of a hop, and all that the node makes of them."""

    def __init__(self, load: Load, weights: Path, rounds: int) -> None:
        self._load, self._weights, self._rounds = load, weights, rounds
        self._settings: Settings = settings_from_parameters(load.parameters(weights))
        self._net = InfoNet.from_pretrained("cpu", weights)
        self._windows = WindowStream(self._settings)
        self._decoders = {
            modality.name: Decoder(TYPE, installed_definitions(TYPE), modality.channels, modality.topic)
            for modality in self._settings.modalities
        }
        self._per_hop = round(load.hop * load.rate)
        self._per_look = max(1, round(USUAL_PERIOD * load.rate))
        self._messages = self._stream()

    def stages(self) -> list[Stage]:
        """Time all stages, except the first, in which the middleware hands a message over."""
        torch.set_num_threads(self._settings.threads)
        while not (cuts := self._take_hop()[2]):
            pass
        hops = [self._take_hop() for _ in range(self._rounds)]
        cuts = hops[-1][2] or cuts
        window = cuts[-1].align()
        matrix = channel_matrix(self._net, window, self._settings)
        values = 8.0 * self._per_hop * len(window.names)
        pieces = 17.0 * sum(
            values.size for _, values, _ in cuts[-1].samples
        )  # values and whether they are there, copied
        numbers = window.samples.size
        return [
            Stage("channel reading", _median(reading for reading, _, _ in hops), 0.0, 2.0 * values),
            Stage("buffers", _median(pushing for _, pushing, _ in hops), 0.0, 2.0 * values + pieces),
            Stage("alignment", self._time(cuts[-1].align), 3.0 * numbers, 24.0 * numbers),
            *self._estimator_stages(window),
            *self._output_stages(matrix),
        ]

    def _stream(self) -> Iterator[dict[str, list[bytes]]]:
        """Yield the messages between two looks into the queues, by modality, for ever."""
        messages = self._messages_by_time()
        while True:
            batch: dict[str, list[bytes]] = {name: [] for name in self._decoders}
            for _ in range(self._per_look):
                for name, data in next(messages):
                    batch[name].append(data)
            yield batch

    def _messages_by_time(self) -> Iterator[list[tuple[str, bytes]]]:
        """Yield modality and message of all topics, in the order of their stamps, for ever."""
        rng = np.random.default_rng(0)
        names = [modality.name for modality in self._settings.modalities]
        stamp = NANOSECONDS
        while True:
            common, now = rng.normal(), []
            for name in names:
                message = QuaternionStamped()
                message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, NANOSECONDS)
                q = message.quaternion
                q.x, q.y, q.z, q.w = (common + rng.normal(size=4)).tolist()
                now.append((name, serialize_message(message)))
            yield now
            stamp += round(NANOSECONDS / self._load.rate)

    def _take_hop(self) -> tuple[float, float, list[Cut]]:
        """Take the messages of one hop in; return the seconds to read and to buffer them, and the windows cut."""
        looks = [next(self._messages) for _ in range(self._per_hop // self._per_look)]
        started = time.thread_time()
        read = [{name: self._decoders[name].read(messages) for name, messages in look.items()} for look in looks]
        between = time.thread_time()
        cuts: list[Cut] = []
        for look in read:
            for name, found in look.items():
                self._windows.extend(found.stamps, {name: (found.values, found.present)})
            cuts += self._windows.ready()
        return between - started, time.thread_time() - between, cuts

    def _estimator_stages(self, window: Window) -> list[Stage]:
        samples, channels = window.samples.shape
        pairs = channels * (channels - 1) / 2
        with FlopCounterMode(display=False) as counter:
            self._net.pairwise(window.samples)
        rounds = [self._by_stage(window) for _ in range(self._rounds)]
        seconds = {name: _median(one[name] for one in rounds) for name in rounds[0]}
        least = {
            "ranks": (
                channels * samples * np.log2(samples),
                12.0 * channels * samples,
            ),  # comparisons; int64 and float32
            "grids": (pairs * samples, 2.0 * pairs * samples),  # a sample of a pair is counted; both its bins are read
            "network": (float(counter.get_total_flops()), float(self._weights.stat().st_size)),
        }
        return [Stage(name, took, *least.get(name, (0.0, 0.0))) for name, took in seconds.items()]

    def _by_stage(self, window: Window) -> dict[str, float]:
        with ModuleClock() as clock:
            channel_matrix(self._net, window, self._settings)
        seconds: dict[str, float] = defaultdict(float, dict.fromkeys(_MODULES, 0.0))
        for module, took in clock.seconds.items():
            seconds[_STAGES.get(module, REST)] += took
        return seconds

    def _output_stages(self, matrix: DependenceMatrix) -> list[Stage]:
        node = rclpy.create_node("hop")
        publisher = node.create_publisher(MutualInformationMatrix, "~/channels", 1)
        message = matrix_message(matrix)
        size = float(len(serialize_message(message)))
        stages = [
            Stage("conversion to a message", self._time(lambda: matrix_message(matrix)), 0.0, 2.0 * size),
            Stage("publishing", self._time(lambda: publisher.publish(message)), 0.0, 2.0 * size),
        ]
        node.destroy_node()
        return stages

    def _time(self, compute: Callable[[], object]) -> float:
        """Return the median time of a computation, seconds."""
        return _median(timed(compute, self._rounds, time.thread_time))


def message_size() -> int:
    """Bytes of one incoming message on its way."""
    return len(serialize_message(QuaternionStamped()))


def _median(values: Iterable[float]) -> float:
    return float(np.median(list(values)))
