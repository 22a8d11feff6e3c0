import os
from pathlib import Path

import pytest

from infonet_ros.errors import InputError, OutputError
from infonet_ros.offline.results.outputs import OutputFolder


def put(text):
    return lambda path: path.write_text(text)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def results(tmp_path):
    """A folder with results of an earlier run."""
    folder = tmp_path / "results"
    (folder / "bag").mkdir(parents=True)
    (folder / "table.csv").write_text("old table")
    (folder / "bag" / "old.mcap").write_text("old bag")
    return folder


OLD = {"table.csv": "old table", "bag/old.mcap": "old bag"}


def make_bag(path):
    path.mkdir()
    (path / "new.mcap").write_text("new bag")


def test_new_results_take_the_place_of_old_ones(results):
    with OutputFolder(results) as folder:
        folder.write("table.csv", put("new table"))
        folder.write("bag", make_bag)
        assert contents(results) | OLD == contents(results)  # the old results stay until the end
    assert contents(results) == {"table.csv": "new table", "bag/new.mcap": "new bag"}
    assert folder.written == [results / "table.csv", results / "bag"]


def test_an_error_on_the_way_leaves_everything_as_it_was(results):
    with pytest.raises(InputError), OutputFolder(results) as folder:
        folder.write("table.csv", put("new table"))
        raise InputError("something else went wrong")
    assert contents(results) == OLD
    assert sorted(path.name for path in results.iterdir()) == ["bag", "table.csv"]


def test_a_writer_that_fails_leaves_everything_as_it_was(results):
    def full(path):
        path.write_text("half")
        raise OSError(28, os.strerror(28))

    with (
        pytest.raises(OutputError, match=r"cannot write .*table\.csv \(No space left on device\)"),
        OutputFolder(results) as folder,
    ):
        folder.write("bag", make_bag)
        folder.write("table.csv", full)
    assert contents(results) == OLD


def test_a_rename_that_fails_takes_the_earlier_ones_back(results, monkeypatch):
    with pytest.raises(OutputError, match="cannot write"), OutputFolder(results) as folder:
        folder.write("bag", make_bag)
        folder.write("table.csv", put("new table"))
        (folder.aside / "table.csv").unlink()  # as if somebody cleaned up
    assert contents(results) == OLD


def test_a_folder_that_was_made_for_nothing_is_removed(tmp_path):
    with pytest.raises(InputError), OutputFolder(tmp_path / "new"):
        raise InputError("no window is complete")
    assert list(tmp_path.iterdir()) == []


def test_folders_that_were_made_on_the_way_are_removed_those_that_were_there_stay(tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError), OutputFolder(tmp_path / "there" / "a" / "b" / "c"):
        raise InputError("no window is complete")
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]
    with pytest.raises(InputError), OutputFolder(tmp_path / "there" / "a" / "b"):
        (tmp_path / "there" / "a" / "theirs").write_text("of somebody else, meanwhile")
        raise InputError("no window is complete")
    assert contents(tmp_path) == {"there/a/theirs": "of somebody else, meanwhile"}
    assert not (tmp_path / "there" / "a" / "b").exists()


def test_a_full_disk_while_the_folders_are_made_leaves_nothing(tmp_path, monkeypatch):
    real = os.mkdir

    def two_fit(path, mode=0o777):
        if (tmp_path / "a" / "b").exists():
            raise OSError(28, os.strerror(28))
        real(path, mode)

    monkeypatch.setattr(os, "mkdir", two_fit)
    with pytest.raises(OutputError, match="No space left"), OutputFolder(tmp_path / "a" / "b" / "c"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("made", range(1, 4))
def test_a_signal_while_the_folders_are_made_leaves_nothing(tmp_path, monkeypatch, made):
    real = os.mkdir

    def signal_after_some(path, mode=0o777):
        real(path, mode)
        if len(list(tmp_path.rglob("*"))) == made:
            raise SystemExit(130)

    monkeypatch.setattr(os, "mkdir", signal_after_some)
    with pytest.raises(SystemExit), OutputFolder(tmp_path / "a" / "b"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_a_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("here")
    for name, said in (("file", "file is a file: expected a folder"), ("file/below", "cannot write .*Not a directory")):
        with pytest.raises(OutputError, match=said), OutputFolder(tmp_path / name):
            pass
    assert (tmp_path / "file").read_text() == "here"


@pytest.mark.parametrize("path", ["/proc/infonet", "/proc/self"])
def test_a_folder_that_not_even_root_may_write_to_is_refused(path):
    with pytest.raises(OutputError, match=rf"cannot write {path} \(.*choose another folder"), OutputFolder(Path(path)):
        pass


def test_a_pipe_or_a_device_is_not_replaced(results):
    os.mkfifo(results / "pipe")
    with pytest.raises(OutputError, match="it is a device or a pipe"), OutputFolder(results) as folder:
        folder.write("table.csv", put("new table"))
        folder.write("pipe", put("new"))
    assert (results / "pipe").is_fifo()
    assert (results / "table.csv").read_text() == "old table"
