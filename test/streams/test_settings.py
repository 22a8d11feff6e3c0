"""Parameter files that were written by mistake, or by somebody else."""

import pytest

from infonet_ros.errors import ConfigurationError
from infonet_ros.streams.settings import load_settings


@pytest.fixture
def refused(tmp_path):
    """From a text to the sentence that it is refused with."""

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
    assert "modalities must be a list of strings" in refused(f"infonet:\n ros__parameters:\n  modalities: {value}\n")
