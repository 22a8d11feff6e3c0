import json
from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest
from html_pages import Page
from reports import EVIL_NAMES, EVIL_PROVENANCE, EVIL_SHOWN, PROVENANCE, large, renamed

from infonet_ros.dependence.changes.matrix_changes import Change
from infonet_ros.dependence.changes.relation_changes import RelationChange
from infonet_ros.dependence.changes.verdicts import Outcome
from infonet_ros.offline.findings.findings_record import findings_record
from infonet_ros.offline.findings.sentences import findings
from infonet_ros.offline.pages.report import render_report
from infonet_ros.offline.whole_recording.groups import similar_order


@pytest.fixture(scope="module")
def page(small_analysis):
    return render_report(small_analysis, PROVENANCE)


@pytest.fixture(scope="module")
def evil_page(small_analysis):
    return render_report(renamed(small_analysis, EVIL_NAMES), EVIL_PROVENANCE)


def data_of(text):
    return json.loads(Page(text).scripts[1])


def test_the_page_says_what_the_terminal_says_word_for_word(page, small_analysis):
    words = Page(page).words
    for finding in findings(small_analysis):
        assert finding.sentence in words
    assert "speed.data follows by 0.40 s" in words
    assert "1 of 3 pairs is significant: p ≤ 0.01 against all circular shifts" in words


def test_the_page_says_how_it_was_made(page):
    words = Page(page).words
    assert "infonet bag small --window 10" in words
    assert "a <b>notice</b>" in words  # as text


def test_the_tables_name_pairs_and_topics_with_their_figures(page, small_analysis):
    pairs, topics, channels = Page(page).tables
    assert pairs[0] == ["A", "B", "MI [nats]", "90 % interval", "p", "p adjusted", "Delay"]
    assert pairs[1][:3] == ["leg force", "speed data", f"{small_analysis.whole.matrix.mi[0, 2]:.3f}"]
    assert pairs[1][-1] == "B follows by 0.40 s"
    assert topics[1][:5] == ["/leg", "robot_msgs/msg/Leg", "1200", "1200", "20"]  # messages, read, rate
    assert topics[2][-1] == "time of recording"  # /speed has no header
    assert [row[0] for row in channels[1:]] == list(small_analysis.names)


def test_a_change_opens_its_pair_and_the_window_before_it(small_analysis):
    time = small_analysis.zero + 16_000_000_000  # the fourth window ends just before
    change = Change("leg.torque[0]", "speed.data", time, 0.1, 0.9, sigmas=5.2)
    page = Page(render_report(replace(small_analysis, changes=(change,)), PROVENANCE))
    assert page.tables[1][1] == ["leg torque[0]", "speed data", "16.0", "0.10 → 0.90", "5.2"]
    opens = [(tag, one["data-pair"]) for tag, one in page.tags if one.get("data-window") == "3"]
    assert opens == [("span", "1,2"), ("tr", "1,2")]  # the sentence, and the row


def test_a_changed_relation_is_a_finding_and_opens_its_pair(small_analysis):
    time = small_analysis.zero + 16_000_000_000
    change = RelationChange("speed.data", ("leg.force",), True, time, None, Outcome.OFFSET, 0.3, sigmas=41.0)
    changed = replace(small_analysis, relation_changes=(change,))
    page = Page(render_report(changed, PROVENANCE))
    assert page.tables[1][1] == ["speed data", "leg force", "16.0", "+0.3", "41.0"]
    opens = [(tag, one["data-pair"]) for tag, one in page.tags if one.get("data-window") == "3"]
    assert opens == [("span", "2,0"), ("tr", "2,0")]
    first, *_, last = findings(changed)
    sentence = "speed.data is 0.3 higher after 16 s, for the same values of leg.force."
    assert (str(first), first.kind) == (sentence, "relation")
    assert str(last) == "No other dependence changed."
    (record,) = findings_record(changed)["relation_changes"]
    assert (record["channel"], record["beside"], record["kind"], record["value"]) == (
        "speed.data",
        ["leg.force"],
        "offset",
        0.3,
    )
    assert record["until_since_start"] is None
    passing = replace(changed, relation_changes=(replace(change, end=time + 5_000_000_000),))
    assert str(findings(passing)[0]) == "speed.data is 0.3 higher from 16 s to 21 s, for the same values of leg.force."
    (record,) = findings_record(passing)["relation_changes"]
    assert record["until_since_start"] == 21.0
    assert Page(render_report(passing, PROVENANCE)).tables[1][1][2] == "16.0 to 21.0"


def test_short_names_come_with_whole_ones(page):
    cells = [attributes for tag, attributes in Page(page).tags if tag == "td"]
    assert cells[0]["title"] == "leg.force"


def test_long_names_may_break_behind_their_separators(page):
    assert "<b>leg.<wbr>force</b>" in page
    assert Page(page).tables[0][1][0] == "leg force"


def test_the_picture_links_what_the_findings_name(page):
    links = [attributes for tag, attributes in Page(page).tags if attributes.get("class") == "link"]
    assert [link["data-pair"] for link in links] == ["0,2"]
    assert [one for one in data_of(page)["labels"][::-1] if "torque" not in one] == ["speed data", "leg force"]


def test_the_matrix_is_in_the_order_of_clustering(page, small_analysis):
    assert data_of(page)["order"] == similar_order(small_analysis.whole, small_analysis.significance).tolist()


def test_the_page_asks_nothing_of_the_network(page):
    parsed = Page(page)
    for tag, attributes in parsed.tags:
        assert "src" not in attributes
        assert "href" not in attributes
        assert tag not in ("link", "iframe", "object", "base")
    policy = next(a["content"] for t, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]


def test_the_page_is_small_whatever_the_recording(page, small_analysis):
    assert len(page.encode()) < 0.5e6
    assert len(render_report(large(small_analysis), PROVENANCE).encode()) < 3e6


def test_the_discriminants_that_find_room_are_those_of_the_most_useful_pairs(small_analysis, monkeypatch):
    whole = small_analysis.whole
    table = next(iter(whole.discriminants.values()))
    nodes = len(table)
    whole = replace(whole, discriminants=dict.fromkeys([(0, 1), (0, 2), (1, 2)], table))
    monkeypatch.setattr("infonet_ros.offline.pages.report_data._MOST_TABLE_VALUES", 2 * nodes**2)
    tables = data_of(render_report(replace(small_analysis, whole=whole), PROVENANCE))["tables"]
    assert len(tables["pairs"]) == 2
    assert tables["pairs"][0] == 1  # force and speed, the second pair of three channels
    assert len(b64decode(tables["values"])) == 2 * nodes**2


def test_names_from_the_recording_cannot_become_markup(page, evil_page):
    ours, theirs = Page(page), Page(evil_page)
    assert [tag for tag, _ in ours.tags] == [tag for tag, _ in theirs.tags]
    squeezed = {"textlength", "lengthadjust"}  # labels that are long
    assert [a.keys() - squeezed for _, a in ours.tags] == [a.keys() - squeezed for _, a in theirs.tags]
    assert [ours.scripts[0], *ours.scripts[2:]] == [theirs.scripts[0], *theirs.scripts[2:]]
    assert EVIL_SHOWN in theirs.words
    assert data_of(evil_page)["names"][0] == EVIL_SHOWN
    assert "<" not in theirs.scripts[1]


def test_control_characters_are_written_out(evil_page):
    assert not {character for character in evil_page if not character.isprintable()} - {"\n"}


def test_a_pair_that_is_not_known_is_no_number_in_the_data(small_analysis):
    matrix = replace(small_analysis.whole.matrix, mi=np.full((3, 3), np.nan, dtype=np.float32))
    whole = replace(small_analysis.whole, matrix=matrix)
    data_of(render_report(replace(small_analysis, whole=whole), PROVENANCE))  # NaN would be no JSON
