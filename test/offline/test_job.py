import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from infonet_ros.errors import ConfigurationError, InfonetError, InputError, RecordingError, WeightsError
from infonet_ros.offline.findings.findings_record import findings_record
from infonet_ros.offline.job import analyse_bag
from infonet_ros.offline.pages.report import subtitle
from infonet_ros.settings import Settings, load_settings


def test_one_call_analyses_a_bag_without_a_word(small_bag, small_settings, tmp_path, capfd):
    results = analyse_bag(small_bag, tmp_path / "out", small_settings, formats="npz")
    assert results.files == (tmp_path / "out" / "params.yaml", tmp_path / "out" / "infonet.npz")
    assert all(path.exists() for path in results.files)
    assert load_settings(results.files[0]).channel_names == small_settings.channel_names
    assert results.notices == ()
    assert capfd.readouterr() == ("", "")


def test_settings_without_modalities_are_completed_by_a_proposal(small_bag, tmp_path):
    settings = Settings(window=10.0, hop=10.0, device="cpu")
    results = analyse_bag(small_bag, tmp_path / "out", settings, formats=[])
    assert results.analysis.names == ("leg.force", "leg.torque[0]", "speed.data")
    assert results.analysis.settings.window == 10.0


def test_results_are_sentences_and_a_table(small_bag, small_settings, tmp_path):
    pd = pytest.importorskip("pandas")
    results = analyse_bag(str(small_bag), str(tmp_path / "out"), small_settings, formats=[])
    record = findings_record(results.analysis)

    assert results.findings == tuple(one["sentence"] for one in record["findings"])
    pd.testing.assert_frame_equal(results.to_dataframe(), pd.DataFrame(record["pairs"]))
    assert results._repr_html_().count("<li>") == len(results.findings)
    assert re.fullmatch(r"Analysis of \S+: \d channels, \d+ windows?", repr(results.analysis))


def test_without_a_folder_nothing_is_written(small_bag, small_settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = analyse_bag(small_bag, settings=small_settings, start=1.0, duration=15.0)

    assert results.files == ()
    assert list(tmp_path.iterdir()) == []
    assert results.analysis.span.duration == pytest.approx(15.0)
    assert str(results).splitlines()[1:] == [f"  {n}. {one}" for n, one in enumerate(results.findings, start=1)]
    with pytest.raises(InputError, match="formats holds 'csv', and out is None"):
        analyse_bag(small_bag, formats=["csv"])


def test_given_channels_and_a_target_have_the_names_of_their_fields(small_bag, small_settings):
    results = analyse_bag(small_bag, settings=small_settings, given="/leg.force", target="data")
    assert results.analysis.settings.given == ("leg.force",)
    assert results.analysis.informative.target == "speed.data"
    assert "speed.data" in results.findings[0]
    assert subtitle(results.analysis).endswith(" · given leg.force")
    with pytest.raises(ConfigurationError, match=r"^target is 'speed\.date' \(did you mean 'speed\.data'\?\)"):
        analyse_bag(small_bag, settings=small_settings, target="speed.date")


def pairs_of(path, out, settings):
    return findings_record(analyse_bag(path, out, settings, formats=[], cores=1).analysis)["pairs"]


def test_bags_can_be_analysed_side_by_side(small_bag, small_settings, tmp_path):
    """As on a cluster: settings and paths go to other processes, and plain findings come back."""
    settings = small_settings.with_values(hop=10.0, device="cpu")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        there = pool.submit(pairs_of, small_bag, tmp_path / "there", settings).result(timeout=120)
    assert there == pairs_of(small_bag, tmp_path / "here", settings)


def test_the_weights_of_the_settings_are_used(small_bag, small_settings, tmp_path):
    with pytest.raises(WeightsError, match="my_own"):
        analyse_bag(small_bag, tmp_path / "out", small_settings.with_values(weights="my_own.safetensors"))
    assert not (tmp_path / "out").exists()


def test_a_format_that_does_not_exist_is_named_before_the_work(tmp_path):
    with pytest.raises(InputError, match=r"formats holds 'pdf': expected some of html, csv, parquet, npz, png, mcap\."):
        analyse_bag(tmp_path / "absent.mcap", tmp_path / "out", formats=["csv", "pdf"])


def test_a_part_before_the_recording_and_no_recording_are_refused(small_bag):
    with pytest.raises(InputError, match=r"path is \[\]: expected a bag or a table"):
        analyse_bag([])
    with pytest.raises(InputError, match="path is 5: expected the path of a file or a folder"):
        analyse_bag([small_bag, 5])


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ({"duration": -1.0}, "duration must be a number of at least 0, got -1.0"),
        ({"start": "10"}, "start must be a number of at least 0, got '10'"),
        ({"cores": 0}, "cores is 0: expected a whole number of at least 1"),
        ({"target": 3}, "target must be a text, got 3"),
    ],
)
def test_an_argument_of_another_kind_is_one_sentence(small_bag, argument, reason):
    with pytest.raises(InfonetError, match=re.escape(reason)):
        analyse_bag(small_bag, **argument)


def test_a_bag_that_is_not_there_leaves_no_folder(tmp_path):
    with pytest.raises(RecordingError, match="is not there"):
        analyse_bag(tmp_path / "absent.mcap", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
