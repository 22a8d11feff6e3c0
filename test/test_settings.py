"""Parameter files that were written by mistake, or by somebody else."""

import os
import re

import numpy as np
import pytest

from infonet_ros.dependence.baselines.baseline import Baseline
from infonet_ros.errors import ConfigurationError, InfonetError
from infonet_ros.estimator.network.weights import load_weights
from infonet_ros.intake.bags import Bag
from infonet_ros.settings import Modality, Settings, Watch, load_settings, params_document
from infonet_ros.training.configuration import TrainingConfiguration


@pytest.fixture
def refused(tmp_path):
    """Return the error message for the text of a parameter file."""

    def sentence(text):
        path = tmp_path / "params.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError) as error:
            load_settings(path)
        return str(error.value)

    return sentence


def test_aliases_are_refused_as_ros_2_does(refused):
    doubled = "".join(f"  a{k}: &a{k} {{x: *a{k - 1}, y: *a{k - 1}}}\n" for k in range(1, 40))  # 2 ** 39 parameters

    assert "alias in line 4" in refused(f"infonet:\n ros__parameters:\n  a0: &a0 {{x: 1}}\n{doubled}")
    assert "alias" in refused("infonet:\n ros__parameters: &all\n  x: *all\n")


def test_a_tag_runs_nothing(refused, tmp_path):
    trap = tmp_path / "trap"

    refused(f"infonet:\n ros__parameters:\n  window: !!python/object/apply:os.mkdir ['{trap}']\n")
    assert not trap.exists()


def test_nesting_without_end_is_one_sentence(refused):
    assert "not a readable YAML file" in refused("infonet: " + "[" * 3000 + "]" * 3000)


@pytest.mark.parametrize("value", ["5", "imu", "[1, 2]"])
def test_a_list_of_names_is_asked_for(refused, value):
    assert "modalities must be a list of texts" in refused(f"infonet:\n ros__parameters:\n  modalities: {value}\n")


PAIR = "  modalities: [a]\n  a: {{topic: /a, channels: [x, y]{more}}}\n"
WATCH = "  watches: [w]\n  w: {{pair: [a.x, a.y], threshold: {threshold}}}\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("window: 1" + "0" * 400, "window must be a finite number"),
        ("window: 1" + "0" * 5000, "not a readable YAML file"),
        ("seed: 0x" + "F" * 5000, "a whole number of 20000 bits"),
        ("window: 1e400", "window must be a finite number"),
        ("window: 1_000", "window must be a number such as 2.5, got '1_000'"),
        ("window: 1:30", "window must be a number"),
        ("window: 2024-13-45", "window must be a number such as 2.5, got '2024-13-45'"),
        ("window: true", "window must be a number such as 2.5, got True"),
        ("window: !!bool maybe", "it has a tag in line 3: write the value out"),
        ("window: !!timestamp soon", "it has a tag in line 3: write the value out"),
        ("seed: !!int ''", "it has a tag in line 3: write the value out"),
        ("seed: 1.5", "seed must be a whole number such as 1, got 1.5"),
        ("autostart: 1", "autostart must be true or false, got 1"),
        ("windw: 3.0", "did you mean 'window'?"),
        ("WINDOW: 3.0", "did you mean 'window'?"),
        ("WINDOW:", "unknown parameter 'WINDOW' (did you mean 'window'?)."),
        ("synchronization: aproximate", "got 'aproximate' (did you mean 'approximate'?)"),
        ("3: 4", "unknown parameter '3'"),
        ("use_sim_tim: true", "did you mean 'use_sim_time'?"),
        ("qos_overrides./a.subscription.dept: 3", "did you mean 'qos_overrides./a.subscription.depth'?"),
        ("qos_overrides: {/a: {subscripton: {depth: 3}}}", "did you mean 'qos_overrides./a.subscription.depth'?"),
    ],
)
def test_what_is_no_value_of_a_parameter_is_one_sentence(refused, line, reason):
    assert reason in refused(f"infonet:\n ros__parameters:\n  {line}\n")


@pytest.mark.parametrize("threshold", [".inf", "-1", "1" + "0" * 400, "yes", "low"])
def test_a_threshold_is_a_finite_number(refused, threshold):
    text = f"infonet:\n ros__parameters:\n{PAIR.format(more='')}{WATCH.format(threshold=threshold)}"
    assert "w.threshold must be a number of at least 0" in refused(text)


def test_a_misspelt_key_of_a_modality_is_named(refused):
    text = "infonet:\n ros__parameters:\n  modalities: [a]\n  a: {topic: /a, chanels: [x]}\n"
    assert "unknown parameter 'a.chanels' (did you mean 'a.channels'?)" in refused(text)
    assert "did you mean 'a.type'?" in refused(f"infonet:\n ros__parameters:\n{PAIR.format(more=', typ: x')}")


def test_a_missing_pair_is_not_taken_for_that_of_another_watch(refused):
    watches = "  watches: [w, w2]\n  w: {threshold: 0.2}\n  w2: {pair: [a.x, a.y]}\n"
    sentence = refused(f"infonet:\n ros__parameters:\n{PAIR.format(more='')}{watches}")
    assert sentence.startswith("w.pair is missing: expected a list such as [imu.")


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ("pair: [a.x, a.yy]", "did you mean 'a.y'?"),
        ("pair: [a.x, a.y], expect: dependant", "did you mean 'dependent'?"),
    ],
)
def test_a_misspelt_word_of_a_watch_is_named(refused, rule, hint):
    watch = f"  watches: [w]\n  w: {{{rule}}}\n"
    assert hint in refused(f"infonet:\n ros__parameters:\n{PAIR.format(more='')}{watch}")


def test_numbers_are_read_as_ros_2_reads_them_and_null_is_not_set(tmp_path):
    path = tmp_path / "params.yaml"
    values = "  seed: 0x1F\n  window: 3e1\n  hop: null\n"
    path.write_text(f"infonet:\n ros__parameters:\n{values}{PAIR.format(more=', type: null')}", encoding="utf-8")

    settings = load_settings(path)

    assert (settings.seed, settings.window, settings.hop) == (31, 30.0, 2.0)
    assert settings.modalities[0].type == ""


@pytest.mark.parametrize(
    "section", ["infonet", "/infonet", "/**", "/**/infonet", "/robot1/infonet", "/*/infonet", "/robot1:\n  infonet"]
)
def test_parameters_are_those_of_the_node_in_any_namespace(tmp_path, section):
    path = tmp_path / "params.yaml"
    path.write_text(
        f"{section}:\n    ros__parameters:\n      window: 7.0\n/talker:\n  ros__parameters:\n    window: 9.0\n"
    )
    assert load_settings(path).window == 7.0


def test_what_is_for_this_node_goes_before_what_is_for_all(tmp_path):
    path = tmp_path / "params.yaml"
    sections = ("/robot1/infonet", 7.0), ("/**/infonet", 8.0), ("/**", 9.0)
    path.write_text("".join(f"{name}:\n  ros__parameters:\n    window: {window}\n" for name, window in sections))
    assert load_settings(str(path)).window == 7.0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "/talker:\n  ros__parameters:\n    window: 7.0\n",
            "no parameters for the node: expected 'infonet: .* '/talker'",
        ),
        ("infonet:\n  ros_parameters:\n    window: 7.0\n", "'/infonet' has 'ros_parameters' .*mean 'ros__parameters'"),
        ("infonet:\n  ros__parameters:\n    hop: 1.0\n    window: 7.0\n    hop: 2.0\n", "'hop' stands twice.* line 5"),
        (
            "".join(f"/r{k}/infonet:\n  ros__parameters:\n    hop: 1.0\n" for k in (1, 2)),
            "'/r1/infonet' and '/r2/infonet'",
        ),
        (f"infonet:\n  ros__parameters:\n    window: {'9' * 5000}\n", "a number in it has thousands of digits"),
        ("infonet:\n\tros__parameters:\n", r"file \(line 2, while .* character '\\t' that cannot start any token\)"),
    ],
    ids=["another node", "misspelt", "twice", "two nodes", "digits", "tab"],
)
def test_a_file_that_could_be_misread_is_refused(refused, text, reason):
    assert re.search(reason, refused(text))


@pytest.mark.parametrize(
    "load",
    [
        load_settings,
        TrainingConfiguration.load,
        Baseline.load,
        load_weights,
        lambda path: Bag([path.with_suffix(".mcap")]).__enter__(),
    ],
    ids=["settings", "training", "baseline", "weights", "bag"],
)
def test_nothing_waits_for_the_writer_of_a_pipe(tmp_path, load):
    for suffix in (".mcap", ".pipe"):
        os.mkfifo(tmp_path / f"a{suffix}")
    with pytest.raises(InfonetError, match=r"is a pipe: expected .*; write it to a file, and name that"):
        load(tmp_path / "a.pipe")


def test_a_link_to_nothing_says_where_it_leads(tmp_path):
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    with pytest.raises(ConfigurationError, match=r"a\.yaml is a link to b\.yaml, which is not there: expected a param"):
        load_settings(tmp_path / "a.yaml")


def test_lists_of_python_are_accepted_and_a_single_text_is_one_name():
    listed = Modality("imu", "/imu", ["a", "b"]), Modality("odom", "/odom", "c.d")
    settings = Settings(
        modalities=list(listed), watches=[Watch("w", ["imu.a", "imu.b"], given="odom.c.d")], given="time"
    )

    assert settings.channel_names == ("imu.a", "imu.b", "odom.c.d")
    assert settings == Settings(listed, (Watch("w", ("imu.a", "imu.b"), given=("odom.c.d",)),), ("time",))


def test_a_single_modality_or_watch_is_a_list_of_one():
    imu, watch = Modality("imu", "/imu", ("a", "b")), Watch("w", ("imu.a", "imu.b"))
    assert Settings(modalities=imu, watches=watch) == Settings(modalities=(imu,), watches=(watch,))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Settings(modalities="imu"), "modalities must be a list of Modality objects, got 'imu'"),
        (lambda: Settings(given=None), "given must be a list of texts, got None"),
        (lambda: Settings().with_values(windw=3.0), "unknown parameter 'windw' (did you mean 'window'?)"),
        (lambda: Settings(windw=3.0), "unknown parameter 'windw' (did you mean 'window'?)"),
        (lambda: Modality("imu", "/imu", chanels="a"), "unknown parameter 'chanels' (did you mean 'channels'?)"),
        (lambda: Watch("w", ("a", "b"), note=1), "unknown parameter 'note': expected one of name, pair, expect, thr"),
        (lambda: load_settings(None), "path is None: expected the path of a file or a folder"),
        (lambda: Modality("imu", "/imu", None), "imu.channels must be a list of texts, got None"),
        (lambda: Modality("imu", None, "a"), "topic of a Modality must be a text, got None"),
        (lambda: Watch(3, ("a", "b")), "name of a Watch must be a text, got 3"),
    ],
)
def test_what_python_gives_in_another_type_is_one_sentence(make, reason):
    with pytest.raises(ConfigurationError, match=re.escape(reason)):
        make()


def test_numbers_of_numpy_are_those_of_python():
    given = Settings(window=np.float32(3.0), surrogates=np.int64(19), transfer=np.True_)
    assert params_document(given) == params_document(Settings(window=3.0, surrogates=19, transfer=True))
    assert type(Watch("w", ("a.x", "a.y"), threshold=np.float64(0.3)).threshold) is float


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"pair": "imu.a"}, "two channels or two modalities, got ['imu.a']"),
        ({"pair": ("a", "b", "c")}, "two channels or two modalities, got ['a', 'b', 'c']"),
        ({"expect": "dependant"}, "did you mean 'dependent'?"),
        ({"threshold": "0.3"}, "w.threshold must be a number of at least 0, got '0.3'"),
        ({"duration": -1}, "w.duration must be a number of at least 0, got -1"),
    ],
)
def test_a_watch_of_python_is_checked_as_one_of_a_file(rule, reason):
    with pytest.raises(ConfigurationError, match=re.escape(reason)):
        Watch("w", **{"pair": ("imu.a", "imu.b"), **rule})
