"""A robot on wheels, as four topics: one command drives both wheels, and a copy of it is recorded too."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter
from table_files import columns_written, written
from typer.testing import CliRunner

from infonet_ros.cli import app
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.network.weights import load_weights, save_weights
from infonet_ros.intake.opener import open_recording
from infonet_ros.intake.recording import chosen_span
from infonet_ros.offline.analysis import analyse
from infonet_ros.offline.findings.explaining import explain
from infonet_ros.offline.findings.findings_record import findings_record
from infonet_ros.offline.findings.sentences import findings, links
from infonet_ros.settings import Modality, Settings, params_document

RATE = 20.0


@pytest.fixture(scope="module")
def robot(tmp_path_factory):
    rng, folder = np.random.default_rng(4), tmp_path_factory.mktemp("robot")
    command, left, right, alone = rng.standard_normal((4, 1600))
    topics = {"command": command, "left": command + 0.5 * left, "right": command + 0.5 * right, "alone": alone}
    return [
        columns_written(folder / f"{name}.csv", "time,x", np.arange(1600) / RATE, values, form="%.6f")
        for name, values in topics.items()
    ]


@pytest.fixture(scope="module")
def analysis_of(robot, net):
    def make(**changes):
        modalities = tuple(Modality(path.stem, path.stem, ("x",)) for path in robot)
        settings = Settings(modalities, window=20.0, hop=10.0, max_lag=0.1, rate=RATE, projections=1, **changes)
        with open_recording(robot) as recording:
            return analyse(recording, settings, chosen_span(recording, 0.0, None), net)

    return make


@pytest.fixture(scope="module")
def explained(analysis_of, net):
    return explain(net, analysis_of(), target="command.x")


def test_the_command_explains_the_wheels(explained):
    assert list(explained.explanations) == [(1, 2)]
    one = explained.explanations[1, 2]
    assert one.third == 0 and one.left < 0.05


def test_what_may_leave_half_of_the_dependence_explains_nothing(analysis_of, net, monkeypatch):
    found = InfoNet.explanations

    def unsure(*arguments, pairs, **options):
        return replace(found(*arguments, pairs=pairs, **options), upper=0.6 * pairs.mi)

    monkeypatch.setattr(InfoNet, "explanations", unsure)
    assert not explain(net, analysis_of()).explanations


def test_a_field_by_its_level_explains_no_pair_of_its_rate(analysis_of, net):
    analysis = analysis_of()
    kinship = analysis.whole.kinship
    one_field = kinship.one_field.copy()
    one_field[0, 1] = one_field[1, 0] = True  # the left wheel would be the rate of the command
    kin = replace(analysis.whole, kinship=replace(kinship, one_field=one_field))
    assert not explain(net, replace(analysis, whole=kin)).explanations


def test_a_link_that_explains_a_pair_is_not_explained_itself(analysis_of, net, monkeypatch):
    found = InfoNet.explanations

    def in_a_row(*arguments, pairs, **options):
        one = found(*arguments, pairs=pairs, **options)
        by = np.full_like(one.by, -1)
        by[1, 2], by[0, 1] = 0, 3
        nothing = np.zeros_like(pairs.mi)
        return replace(one, by=by, left=nothing, upper=nothing)

    monkeypatch.setattr(InfoNet, "explanations", in_a_row)
    assert list(explain(net, analysis_of()).explanations) == [(1, 2)]


def test_the_words_say_what_explains_a_pair_and_put_it_last(explained):
    apart = replace(explained)
    apart.__dict__["groups"] = []  # with a group of the three, it tells the same in its own sentence
    said = [(one.kind, str(one)) for one in findings(apart)]
    assert [kind for kind, _ in said] == ["target", "pair", "pair", "explained", "changes"]
    assert said[3][1].startswith("left.x and right.x share ") and "; explained by command.x (0." in said[3][1]


def test_the_picture_shows_direct_links_only(explained):
    assert {(link.a, link.b) for link in links(explained)} <= {(0, 1), (0, 2)}


def test_both_wheels_have_information_about_the_command(explained):
    assert set(explained.informative.channels) == {1, 2}
    assert explained.informative.adds[0] > explained.informative.adds[1] > 0.1
    assert " has the most information about command.x: " in str(findings(explained)[0])


def test_scripts_get_the_same(explained):
    record = findings_record(explained)
    (pair,) = [pair for pair in record["pairs"] if pair["explained_by"]]
    assert (pair["a"], pair["b"], pair["explained_by"]) == ("left.x", "right.x", "command.x")
    assert pair["left"]["lower"] <= pair["left"]["left"] <= pair["left"]["upper"]
    assert {told["channel"] for told in record["target"]["informative"]} == {"left.x", "right.x"}
    assert record["given"] == []


def test_given_the_command_nothing_is_left(analysis_of, net):
    given = explain(net, analysis_of(given=("command.x",)))
    assert given.whole.matrix.given == given.matrices[0].given == ("command.x",)
    assert given.whole.matrix.mi[1, 2] < 0.05 and given.matrices[0].mi[1, 2] < 0.1
    assert not given.explanations
    assert str(findings(given)[0]).startswith("Given command.x, nothing depends on anything here")


def test_given_what_a_target_follows_no_channel_has_more_information_about_it(analysis_of, net):
    analysis = explain(net, analysis_of(given=("command.x",)), target="left.x")
    assert str(findings(analysis)[0]) == "Given command.x, no channel has information about left.x."


def test_options_of_the_command_line(robot, tmp_path):
    arguments = ["csv", *map(str, robot), "--out", str(tmp_path / "out"), "--format", "html", "--json", "--quiet"]
    result = CliRunner().invoke(app, [*arguments, "--target", "command.x", "--window", "20"], catch_exceptions=False)
    record = json.loads(result.stdout)
    assert record["target"]["channel"] == "command.x"
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert " explains what the others share" in page and "Explained by" in page


def test_with_own_weights_nothing_is_explained_and_this_is_reported(robot, tmp_path):
    network, version = load_weights()
    network.place.data += 1e-6
    save_weights(network, tmp_path / "own.safetensors", version)
    modalities = tuple(Modality(path.stem, path.stem, ("x",)) for path in robot)
    settings = Settings(modalities, window=20.0, hop=10.0, rate=RATE, weights=str(tmp_path / "own.safetensors"))
    params = written(tmp_path, params_document(settings), "params.yaml")
    arguments = ["csv", *map(str, robot), "--params", str(params), "--out", str(tmp_path / "out"), "--format", "csv"]
    told = CliRunner().invoke(app, [*arguments, "--json", "--quiet"], catch_exceptions=False)
    assert any("explanations are left out" in notice for notice in json.loads(told.stdout)["notices"])


def test_a_channel_may_add_most_without_its_delay(tmp_path, rng, net):
    a, e, noise = rng.standard_normal((3, 3000))
    columns = [np.arange(3000) / RATE, a, np.roll(a, 8) + e, a + 0.5 * e + 0.1 * noise]
    table = columns_written(tmp_path / "m.csv", "time,a,late,both", *columns)
    settings = Settings((Modality("m", "table", ("a", "late", "both")),), window=20.0, hop=20.0, max_lag=0.5, rate=RATE)
    with open_recording([table]) as recording:
        analysis = analyse(recording, settings, chosen_span(recording, 0.0, None), net)
    assert analysis.whole.matrix.lag[2, 1] == pytest.approx(0.4, abs=0.01)  # the other one at which they share most
    found = explain(net, analysis, target="m.both").informative
    assert found.channels == (0, 1)
    assert found.adds[1] == pytest.approx(0.5 * np.log(0.26 / (0.125 + 0.01)), abs=0.1)


def test_the_past_of_a_command_has_more_information_about_a_slow_joint_than_a_second_encoder(tmp_path, rng, net):
    """Nor does the rate of the joint count, which is made of it."""
    command = np.repeat(rng.uniform(-1.0, 1.0, 75), 40)
    motion = lfilter([0.05], [1.0, -0.95], command)
    columns = [np.arange(3000) / RATE, command, *(motion + level * rng.standard_normal(3000) for level in (0.03, 0.1))]
    table = columns_written(tmp_path / "m.csv", "time,command,joint,second", *columns)
    channels = ("command", "joint", "second", "joint|rate(0.4)")
    settings = Settings((Modality("m", "table", channels),), window=20.0, hop=20.0, rate=RATE)
    with open_recording([table]) as recording:
        analysis = explain(net, analyse(recording, settings, chosen_span(recording, 0.0, None), net), target="m.joint")
    assert analysis.explanations[1, 2].third == 0  # also if no delay is clear, since the joint moves for so long
    assert not analysis.whole.clear_delays[0, 1:3].all()
    assert (analysis.informative.channels, analysis.informative.slow) == ((0,), (True,))
    assert analysis.informative.adds[0] == pytest.approx(np.log(motion.std() / 0.03), abs=0.3)
    assert str(findings(analysis)[0]).startswith("m.command with its past has the most information about m.joint: ")
