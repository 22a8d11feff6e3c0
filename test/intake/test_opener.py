"""The content of a file decides how it is read."""

import gzip
import os
from pathlib import Path

import pytest
from table_files import written

from infonet_ros.errors import ConfigurationError, MissingDependencyError, RecordingError
from infonet_ros.intake import opener
from infonet_ros.intake.opener import open_recording

GUARDIAN = Path(__file__).parents[1] / "data" / "guardian"
TABLE = "time,x\n0,1\n1,2\n"


def kind_of(*paths, **options):
    with open_recording(paths, **options) as recording:
        return recording.kind


def test_bags_and_tables_are_recognised_by_their_content(tmp_path):
    table = written(tmp_path, TABLE, "log")
    bag = written(tmp_path, (GUARDIAN / "guardian.mcap").read_bytes(), "recording")
    assert kind_of(GUARDIAN) == "bag"
    assert kind_of(GUARDIAN / "guardian.mcap") == "bag"
    assert kind_of(table) == "table"
    assert kind_of(bag) == "bag"


@pytest.mark.parametrize("name", ["log.mcap", "log.mcap.gz", "log.csv"])
def test_a_bag_that_was_packed_as_a_whole_ends_in_one_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(gzip.compress((GUARDIAN / "guardian.mcap").read_bytes()))
    with pytest.raises(RecordingError, match=r"compressed.*: unpack it"):
        kind_of(tmp_path / name)


def test_bags_and_tables_are_not_mixed(tmp_path):
    table = written(tmp_path, TABLE, "log.csv")
    with pytest.raises(RecordingError, match="one after the other"):
        kind_of(GUARDIAN, table)


def test_a_recording_that_is_given_twice_is_refused():
    with pytest.raises(RecordingError, match="guardian was given twice"):
        kind_of(GUARDIAN, GUARDIAN / ".." / "guardian")


def test_a_bag_needs_no_time_column():
    with pytest.raises(ConfigurationError, match="--time and --time-unit are for tables"):
        kind_of(GUARDIAN, time="stamp")


def test_what_is_no_file_ends_in_one_sentence_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "log.csv").write_text(TABLE)
    (tmp_path / "empty.csv").touch()
    (tmp_path / "nothing").mkdir()
    for path, words in {
        tmp_path / "pipe": "is a pipe",
        Path("/dev/zero"): "is a device: .*; name a file",
        Path(): "is the present folder, which an empty name means, too",
        tmp_path / "folder": "is a folder: .* name what is in it",
        tmp_path / "empty.csv": "is empty",
        tmp_path / "nothing": "is not a bag",
        tmp_path / "absent.csv": "is not there",
        GUARDIAN / "metadata.yaml": "give its folder",
        tmp_path / ("x" * 300): "cannot be read",
    }.items():
        with pytest.raises(RecordingError, match=words):
            kind_of(path)


def test_without_pyarrow_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(opener, "find_spec", lambda name: None)
    table = written(tmp_path, TABLE, "log.csv")
    with pytest.raises(MissingDependencyError, match="pip install pyarrow"):
        kind_of(table)
