import pytest
from typer.testing import CliRunner

from infonet_ros.cli import app
from infonet_ros.errors import OutputError


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--conditional", "--short"], "--conditional and --short: each trains another network"),
        (["--short", "--readout", "--conditional"], "--conditional and --readout and --short: each trains"),
        (["--readout", "--device", "cuda"], "--device: cuda is not used with --readout: expected auto or cpu"),
    ],
)
def test_options_that_exclude_each_other_are_refused(options, said, tmp_path):
    result = CliRunner().invoke(app, ["train", str(tmp_path / "run"), *options])
    assert result.exit_code == 2 and said in result.stderr
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_made_is_one_sentence():
    result = CliRunner().invoke(app, ["train", "/proc/run"])
    assert isinstance(result.exception, OutputError)
    assert "run (No such file or directory): choose another folder" in str(result.exception)
