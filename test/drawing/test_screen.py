import io
from dataclasses import replace

import pytest
from rich.console import Console

from infonet_ros.drawing.screen import Report, Snapshot, can_redraw, delay, screen
from infonet_ros.drawing.view_options import ViewOptions

NAMES = [f"arm.joint{index}.velocity" for index in range(8)]


@pytest.fixture
def matrix(make_matrix):
    pairs = {(NAMES[0], NAMES[1]): (0.92, 0.4, 0.05), (NAMES[2], NAMES[3]): (0.31, 0.0, 0.5)}
    return make_matrix(NAMES, pairs, invalid=[NAMES[7]])


def lines(snapshot, options=ViewOptions(), width=80, height=24):  # noqa: B008
    output = io.StringIO()
    console = Console(file=output, width=width, height=height or 99, color_system=None)
    console.print(screen(snapshot, options, width, height, keys=True))
    return output.getvalue().splitlines()


@pytest.mark.parametrize(("kind", "possible"), [("xterm", True), ("dumb", False)])
def test_a_live_view_needs_a_terminal_that_is_not_dumb(kind, possible):
    assert can_redraw(Console(force_terminal=True, _environ={"TERM": kind})) is possible
    assert not can_redraw(Console(file=io.StringIO(), _environ={"TERM": kind}))


@pytest.mark.parametrize("width", [40, 60, 80, 119, 120, 160, 250])
@pytest.mark.parametrize("count", [2, 8, 16, 33, 64])
def test_everything_fits_the_terminal(make_matrix, count, width):
    names = [f"arm.joint{index}.velocity" for index in range(count)]
    pairs = {(a, b): (0.5, 0.1, 0.04) for i, a in enumerate(names) for b in names[i + 1 :]}
    reports = [Report(2, f"watch {index}", "must stay dependent " * 10) for index in range(9)]
    shown = lines(Snapshot("/infonet", make_matrix(names, pairs), 1.0, reports, 0.5), width=width)
    assert len(shown) <= 24
    assert max(map(len, shown)) <= width
    assert shown[-1].startswith("sorted by mi")
    assert any("0.50" in line and "a→b 0.1 s" in line for line in shown)


def test_values_marks_and_unknown_cells_are_shown(matrix):
    shown = lines(Snapshot("/infonet", matrix))
    first = next(line for line in shown if "1 arm.joint0.velocity" in line)
    assert "0.92•" in first
    last = next(line for line in shown if "8 arm.joint7.velocity" in line)
    assert 4 * "\N{BOX DRAWINGS LIGHT DIAGONAL UPPER RIGHT TO LOWER LEFT}" in last
    assert "0." not in last


def test_the_strongest_pair_is_the_first_line_of_the_list(matrix):
    shown = lines(Snapshot("/infonet", matrix))
    strongest = shown[next(index for index, line in enumerate(shown) if line.startswith("a ")) + 1]
    assert "0.92•" in strongest
    assert "0.46-1.38" in strongest
    assert "a→b 0.4 s" in strongest


def test_in_a_narrow_terminal_pairs_have_the_numbers_of_their_rows(matrix):
    shown = [line.split() for line in lines(Snapshot("/infonet", matrix), width=40)]
    assert ["1", "2", "0.92•", "0.46-1.38", "a→b", "0.4", "s"] in shown
    assert [row[:2] for row in shown].count(["1", "arm.joint0.velocity"]) == 1


def test_beside_the_matrix_names_have_the_room_of_the_bar(make_matrix):
    names = ["imu.angular_velocity.y", "odom.twist.twist.linear.x", "odom.twist.twist.angular.z"]
    shown = lines(Snapshot("/infonet", make_matrix(names, {tuple(names[:2]): (0.9, 0.4, 0.05)})), width=120, height=40)
    assert any("imu…velocity.y  odom…linear.x" in line for line in shown)


def test_only_a_clear_delay_is_shown(make_matrix):
    doubted = {(NAMES[0], NAMES[1]): (0.9, 0.4, 0.06), (NAMES[2], NAMES[3]): (0.06, 0.7, 0.05)}
    matrix = make_matrix(NAMES[:4], doubted)
    shown = "\n".join(lines(Snapshot("/infonet", matrix)))
    assert "0.90" in shown and "0.06•" in shown
    assert "→" not in shown
    assert "b→a" not in "\n".join(lines(Snapshot("/infonet", matrix), ViewOptions(order="delay")))


def test_rows_that_do_not_fit_are_counted(make_matrix):
    names = [f"tof.ranges[{index}]" for index in range(64)]
    shown = lines(Snapshot("/infonet", make_matrix(names, {(names[9], names[60]): (0.8, 0.0, 1.0)})))
    assert any("of 64 channels fit" in line for line in shown)
    assert any("tof.ranges[60]" in line for line in shown)


def test_without_colours_the_narrow_cells_are_shaded(make_matrix):
    names = [f"tof.ranges[{index}]" for index in range(20)]
    shown = lines(Snapshot("/infonet", make_matrix(names, {(names[0], names[1]): (0.95, 0.0, 1.0)})), height=None)
    assert "██" in next(line for line in shown if "1 tof.ranges[0]" in line)


def test_alerts_come_before_what_is_well():
    reports = [Report(0, "/imu", "30.0 Hz"), Report(1, "estimator", "slow"), Report(2, "watch slip", "MI is 0.02 nats")]
    shown = lines(Snapshot("/infonet", reports=reports))
    found = [next(i for i, line in enumerate(shown) if word in line) for word in ("slip", "slow", "/imu 30.0 Hz")]
    assert found == sorted(found)
    assert shown[found[0]].split()[0] == "error"


def test_a_long_problem_has_a_second_line_unless_there_are_many(matrix):
    problem = Report(1, "watch slip", "imu.angular_velocity.y and odom.twist.twist.angular.z must depend: 0.05 nats")
    shown = "\n".join(lines(Snapshot("/infonet", matrix, reports=[problem])))
    assert "must\n        depend: 0.05 nats\n" in shown
    shown = lines(Snapshot("/infonet", matrix, reports=[problem] * 4))
    assert sum("watch slip" in line for line in shown) == 4 and not any("nats" in line for line in shown[-5:])


def test_what_is_given_is_in_the_title(matrix):
    title, *_ = lines(Snapshot("/infonet", replace(matrix, method="conditional", given=("cmd.linear.x", "time"))))
    assert title.startswith("/infonet channels given cmd.linear.x, time  ")


def test_pairs_that_cannot_be_tested_are_one_line(matrix):
    shown = lines(Snapshot("/infonet", matrix, untested="both drift: compare their rates of change (a and b)"))
    (line,) = (line for line in shown if "both drift" in line)
    assert line.startswith("no p-value both drift: compare") and len(line) <= 80
    assert not any("no p-value" in line for line in lines(Snapshot("/infonet", matrix)))


def test_a_silent_node_is_noticed(matrix):
    assert "silent" not in lines(Snapshot("/infonet", matrix, rate=0.5, silence=4.0))[0]
    assert "silent for 9 s" in lines(Snapshot("/infonet", matrix, rate=0.5, silence=9.0), width=40)[0]


def test_before_the_first_matrix_it_says_what_it_waits_for():
    assert any("/robot1/infonet/channels" in line for line in lines(Snapshot("/robot1/infonet")))


def test_a_name_that_no_row_has_is_reported(matrix):
    shown = lines(Snapshot("/infonet", matrix), ViewOptions(pattern="camera"))
    assert any("no name contains 'camera'" in line for line in shown)


@pytest.mark.parametrize(
    ("lag", "words"), [(0.4, "a→b 0.4 s"), (-1.25, "b→a 1.25 s"), (0.0, "none"), (float("nan"), "")]
)
def test_an_arrow_points_to_who_follows(lag, words):
    assert delay(lag) == words


@pytest.mark.parametrize("width", [80, 130])
def test_names_and_messages_are_shown_as_they_are_called(make_matrix, width):
    names = ["arm.position[wheel]", "odd.\x1b[2J", "odd.[/red]"]
    reports = [Report(level, "topic \x1b]0;x", "is \x9b late") for level in (0, 1)]
    shown = "\n".join(lines(Snapshot("/infonet", make_matrix(names, {}), 1.0, reports), width=width))
    for text in ("arm.position[wheel]", r"odd.\x1b[2J", "odd.[/red]"):
        assert shown.count(text) >= 3  # in the matrix, and in two pairs
    assert shown.count(r"topic \x1b]0;x") == shown.count(r"is \x9b late") == 2
    assert "\x1b" not in shown and "\x9b" not in shown


@pytest.mark.parametrize("width", [60, 120])
def test_every_key_is_explained(matrix, width):
    shown = lines(Snapshot("/infonet", matrix), ViewOptions(showing_keys=True), width)
    assert [line.split()[0] for line in shown[1:7]] == ["q", "Tab", "s", "/", "Esc", "?"]


def test_without_a_node_it_says_what_to_do():
    def text(**known):
        return " ".join(" ".join(lines(Snapshot("/infonet", **known))).split())

    assert "No message came" not in text(silence=1.0)
    assert "No message came" not in text(silence=9.0, reports=[Report(1, "estimator", "window is 3% full")])
    assert "No message came from /infonet: start the node (`ros2 launch" in text(silence=9.0)
    assert "`infonet monitor --node /robot1/infonet`" in text(silence=9.0, others=["/robot1/infonet"])
