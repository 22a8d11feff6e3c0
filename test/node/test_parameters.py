from array import array

import pytest
import yaml
from paired_topics import PAIR, started
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterType
from rclpy.exceptions import ParameterNotDeclaredException
from rclpy.parameter import Parameter, get_parameter_value, parameter_dict_from_yaml_file

from infonet_ros.node.parameters import read_settings
from infonet_ros.settings import Watch, load_settings, scalar_parameters


@pytest.mark.parametrize(
    ("name", "setting", "reason"),
    [
        ("window", -1.0, "window"),
        ("rate", 10.0, "rate cannot change while the node is configured"),
        ("a.topic", "/c", "a.topic cannot change while the node is configured"),
        ("synchronization", "exact", "synchronization cannot change"),
        ("max_lag", 3.0, "max_lag is 3 s with a window of 4 s: expected at most half the window"),
        ("autostart", False, "read-only"),
        ("window", "abc", "window must be a number such as 2.5, got 'abc'"),
        ("surrogates", 2.5, "surrogates must be a whole number such as 1, got 2.5"),
        ("transfer", 1, "transfer must be true or false, got 1"),
        ("window", [1.0, 2.0], "window must be a number such as 2.5, got [1.0, 2.0]."),
        ("window", None, "window cannot be deleted: set it to 20.0"),
        ("a.channels", None, "a.channels cannot be deleted: set it to another value ([] for an empty list)"),
    ],
)
def test_a_refused_parameter_says_why(graph, name, setting, reason):
    node, _ = started(graph)
    (result,) = node.set_parameters([Parameter(name, value=setting)])
    assert not result.successful
    assert reason in result.reason


def test_a_number_with_an_exponent_is_taken_although_the_command_line_sends_it_as_a_text(graph):
    """`ros2 param set` reads YAML, in which ``1e-1`` is a text; in parameter files of ROS it is a number."""
    node, _ = started(graph)
    setting = get_parameter_value("1e-1")
    assert setting.type == ParameterType.PARAMETER_STRING
    (result,) = node.set_parameters([Parameter.from_parameter_msg(ParameterMessage(name="lag_step", value=setting))])
    assert result.successful
    assert node.settings.lag_step == node.get_parameter("lag_step").value == 0.1


def test_a_parameter_that_does_not_exist_is_refused_with_the_name_that_was_meant(graph):
    node, _ = started(graph)
    with pytest.raises(ParameterNotDeclaredException, match=r"widow \(did you mean 'window'\?\)"):
        node.set_parameters([Parameter("widow", value=3.0)])


def test_what_param_dump_writes_can_be_loaded_again_and_again(graph, tmp_path):
    """As `ros2 param load` does it; ROS refuses a parameter that is read-only, even if it does not change."""
    node, _ = started(graph, watches=["w"], **{"w.pair": ["a", "b"]})
    path = tmp_path / "dump.yaml"
    path.write_text(dumped(node), encoding="utf-8")
    settings = node.settings
    for _ in range(2):
        messages = parameter_dict_from_yaml_file(str(path), target_nodes=["/infonet"]).values()
        loaded = [Parameter.from_parameter_msg(message) for message in messages]
        results = {one.name: node.set_parameters([one])[0] for one in loaded}
        refused = [name for name, result in results.items() if not result.successful]
        assert [name for name in refused if not node.describe_parameter(name).read_only] == []
        assert dumped(node) == path.read_text(encoding="utf-8")
        assert node.settings == settings == read_settings(node)
    assert node.describe_parameter("a.type").description


@pytest.mark.parametrize("names", ["c", 5, 0.5, True, [1, 2]])
def test_a_list_of_names_is_refused_when_it_is_something_else(graph, names):
    node = graph.infonet(**{**PAIR, "autostart": False})
    for group in ("modalities", "watches"):
        (result,) = node.set_parameters([Parameter(group, value=names)])
        assert not result.successful
        assert result.reason == f"{group} must be a list of names, got {names!r}: write it as [imu, odom]."
    assert node.get_parameter("modalities").value == ["a", "b"]
    assert node.get_parameter("a.topic").value == "/a"


def test_every_parameter_says_what_it_is(graph):
    node = graph.infonet(**{**PAIR, "watches": ["w"], "w.pair": ["a", "b"]})
    for name, spec in scalar_parameters().items():
        descriptor = node.describe_parameter(name)
        assert descriptor.description.startswith(spec["description"])
        assert descriptor.read_only == spec.get("read_only", False)
        ranges = [*descriptor.floating_point_range, *descriptor.integer_range]
        assert [(r.from_value, r.to_value) for r in ranges] == (
            [(spec["minimum"], spec["maximum"])] if "minimum" in spec else []
        )
    for name in ("modalities", "watches", "a.topic", "a.channels", "a.type", "w.pair", "w.threshold"):
        assert node.describe_parameter(name).description


def test_everything_changes_while_it_is_unconfigured(graph):
    node, _ = started(graph)
    node.trigger_deactivate()
    node.trigger_cleanup()
    changes = [
        Parameter("rate", value=10.0),
        Parameter("modalities", value=["c"]),
    ]
    assert all(result.successful for result in node.set_parameters(changes))
    more = [
        Parameter("c.topic", value="/c"),
        Parameter("c.channels", value=["vector.y", "vector.z"]),
        Parameter("watches", value=["yz"]),
    ]
    assert all(result.successful for result in node.set_parameters(more))
    (result,) = node.set_parameters([Parameter("yz.pair", value=["c.vector.y", "c.vector.z"])])
    assert result.successful
    node.start()
    assert node.settings.channel_names == ("c.vector.y", "c.vector.z")
    assert node.settings.watches == (Watch("yz", ("c.vector.y", "c.vector.z")),)
    assert not node.has_parameter("a.topic")


def dumped(node):
    """Parameters in the form that `ros2 param dump` writes, from ros2cli: a tree of values, None where none is set."""
    tree = {}
    for name in sorted(node.list_parameters([], depth=0).names):
        *parents, leaf = name.split(".")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        value = node.get_parameter(name).value
        branch[leaf] = list(value) if isinstance(value, (tuple, array)) else value
    return yaml.dump({node.get_fully_qualified_name(): {"ros__parameters": tree}}, default_flow_style=False)


def test_what_param_dump_writes_starts_the_same_node_and_the_same_analysis(graph, tmp_path):
    watch = {"watches": ["w"], "w.pair": ["a", "b"]}
    first = graph.infonet(**PAIR, **watch)
    path = tmp_path / "dump.yaml"
    path.write_text(dumped(first), encoding="utf-8")
    assert "type: null" in path.read_text(encoding="utf-8")

    second = graph.infonet(cli_args=["--ros-args", "--params-file", str(path)])

    assert second.problem == ""
    assert second.settings == first.settings == load_settings(path)
