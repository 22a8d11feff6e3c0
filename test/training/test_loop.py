import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from infonet_ros import InfoNet
from infonet_ros.errors import ConfigurationError
from infonet_ros.training.configuration import TrainingConfiguration
from infonet_ros.training.examples import OBSERVATIONS, Examples, simulate
from infonet_ros.training.loop import CHECKPOINT, CONFIGURATION, LOG, WEIGHTS, Trainer
from infonet_ros.training.losses import pinball_loss
from infonet_ros.training.shards import Shards, shard_path

SMALL = TrainingConfiguration(
    width=16,
    heads=2,
    blocks=1,
    shards=3,
    shard_examples=256,
    workers=1,
    steps=30,
    batch=32,
    warm_up=5,
    validate_every=10,
)


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """Make the shards of a run."""
    folder = tmp_path_factory.mktemp("shards")
    for number in range(SMALL.shards):
        simulate(SMALL.shard_examples, seed=number).save(shard_path(folder, number))
    return folder


@pytest.fixture
def trainer(shards, tmp_path):
    """Open a run in a folder of that name, whose shards are there already."""

    def open_run(name: str, device: str = "cpu") -> Trainer:
        folder = tmp_path / name
        shutil.copytree(shards, folder / "shards", dirs_exist_ok=True)
        return Trainer(SMALL, folder, device)

    return open_run


def test_a_run_trains_saves_and_estimates(trainer, tmp_path):
    trainer("run").run()
    tmp_path = tmp_path / "run"
    log = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert [entry["step"] for entry in log] == [10, 20, 30]
    assert log[-1]["loss_held_out"] < log[0]["loss_held_out"]
    net = InfoNet.from_pretrained("cpu", weights=tmp_path / WEIGHTS)
    assert np.isfinite(net.estimate(*np.random.default_rng(0).standard_normal((2, 200))).mi)
    card = json.loads((tmp_path / WEIGHTS).with_suffix(".json").read_text())
    assert card["training"]["width"] == 16 and card["held_out"]["step"] in (10, 20, 30)


def test_an_interrupted_run_is_resumed(trainer, tmp_path):
    trainer("whole").run()
    first = trainer("halves")
    validate = first.validate

    def validate_and_stop(*arguments):
        validate(*arguments)
        if first.step == 20:
            raise KeyboardInterrupt

    first.validate = validate_and_stop
    with pytest.raises(KeyboardInterrupt):
        first.run()
    second = trainer("halves")
    assert second.step == 20
    second.run()
    assert not list((tmp_path / "halves").glob("*.partial"))
    straight, resumed = trainer("whole"), trainer("halves")
    assert straight.step == resumed.step == 30
    for a, b in zip(straight.network.parameters(), resumed.network.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0.0, atol=1e-6)


def test_a_run_begins_before_all_shards_are_simulated(trainer, tmp_path, monkeypatch):
    asked, take = [], Shards.__getitem__
    monkeypatch.setattr(Shards, "__getitem__", lambda self, number: asked.append(number) or take(self, number))
    trainer("run").run()
    visits = [number for number in asked if number > 0]
    assert len(visits) == -(-SMALL.steps // (SMALL.shard_examples // SMALL.batch))
    assert visits[0] == 1 and max(visits) == 2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_training_on_cuda_is_that_on_a_processor(trainer):
    errors = []
    for device in ("cpu", "cuda"):
        run = trainer(device, device)
        run.run()
        errors.append([json.loads(line)["loss_held_out"] for line in (run.folder / LOG).read_text().splitlines()])
    np.testing.assert_allclose(errors[1], errors[0], rtol=0.02)


def test_a_folder_with_another_run_is_refused(tmp_path):
    Trainer(SMALL, tmp_path)
    with pytest.raises(ConfigurationError, match="another configuration"):
        Trainer(TrainingConfiguration(width=32), tmp_path)


def test_simulation_repeats_and_comes_back_from_disk(tmp_path):
    first, second = simulate(40, seed=5), simulate(40, seed=5)
    assert torch.equal(first.seen, second.seen) and torch.equal(first.information, second.information)
    assert not torch.equal(first.information, simulate(40, seed=6).information)
    first.save(tmp_path / "examples.safetensors")
    assert torch.equal(Examples.load(tmp_path / "examples.safetensors").fresh, first.fresh)


def test_examples_are_densities_of_known_information():
    examples = simulate(64, seed=0)
    seen = examples.observation
    for grids in (seen.counts * seen.unit[:, None, None], examples.judges):
        torch.testing.assert_close(grids.mean(dim=(1, 2)), torch.ones(64), rtol=0.0, atol=2e-3)
    assert (examples.information >= 0).all() and (examples.information < 5.5).all()


def test_observations_of_one_dependence_share_its_truth_and_judge():
    examples = simulate(200, seed=0)
    joined = Examples.join([examples, simulate(100, seed=1)])
    assert len(joined) == 300 and len(joined.fresh) > len(examples.fresh)
    assert torch.equal(joined.judges[:200], examples.judges)
    for source in joined.source.unique():
        same = joined[joined.source == source]
        assert (same.information == same.information[0]).all() and (same.family == same.family[0]).all()
    repeated = torch.bincount(joined.source).max()
    assert repeated == OBSERVATIONS


def test_pinball_loss_is_least_at_the_quantiles():
    truth = torch.from_numpy(np.random.default_rng(0).exponential(size=20000)).float()
    best = torch.quantile(truth, torch.tensor([0.05, 0.5, 0.95]))
    for change in (-0.1, 0.1):
        for k in range(3):
            other = best.clone()
            other[k] += change
            assert (
                pinball_loss(best.expand(20000, 3), truth).mean() < pinball_loss(other.expand(20000, 3), truth).mean()
            )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("widht: 3", "unknown key 'widht'"),
        ("width: wide", "width is 'wide'"),
        ("steps: 3", "more steps than"),
        ("heads: 5", "a multiple of heads"),
        ("- 1", "unknown key"),
        ("heads: 0", "heads is 0: expected a whole number of at least 1"),
        ("batch: 0", "batch is 0"),
        ("batch: 20000", "at most the 16384 examples"),
        ("validate_every: 0", "validate_every is 0"),
        ("averaging: 2.0", "averaging is 2.0"),
        ("learning_rate: .inf", "learning_rate is inf"),
        ("learning_rate: fast", "learning_rate is 'fast'"),
        ("{", "not a readable YAML"),
    ],
)
def test_unusable_configurations_are_refused(tmp_path, text, message):
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        TrainingConfiguration.load(path)


def test_numbers_may_be_written_as_people_write_them(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("learning_rate: 1e-3\nquantile_weight: 3\nweight_decay: 0\n")
    configuration = TrainingConfiguration.load(path)
    assert (configuration.learning_rate, configuration.quantile_weight, configuration.weight_decay) == (1e-3, 3.0, 0.0)


def test_a_damaged_checkpoint_is_named(trainer, tmp_path):
    trainer("run").run()
    path = tmp_path / "run" / CHECKPOINT
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ConfigurationError, match=f"{CHECKPOINT} is damaged"):
        trainer("run")


def test_a_finished_run_needs_its_shards_no_more(trainer, tmp_path):
    trainer("run").run()
    shutil.rmtree(tmp_path / "run" / "shards")
    Trainer(SMALL, tmp_path / "run", "cpu").run()
    assert not (tmp_path / "run" / "shards").exists()


def test_the_command_trains_as_the_settings_say(shards, train_in, tmp_path):
    shutil.copytree(shards, tmp_path / "run" / "shards")
    settings = replace(SMALL, steps=10)
    train_in(settings, tmp_path / "run", threads=2)
    assert TrainingConfiguration.load(tmp_path / "run" / CONFIGURATION) == replace(settings, workers=2)
    assert InfoNet.from_pretrained("cpu", weights=tmp_path / "run" / WEIGHTS).version == "step-10"


def test_a_configuration_comes_back_from_disk(tmp_path):
    SMALL.save(tmp_path / "run.yaml")
    assert TrainingConfiguration.load(tmp_path / "run.yaml") == SMALL
