import json
import re
import shutil
from base64 import b64decode
from dataclasses import replace
from datetime import datetime, timezone
from html.parser import HTMLParser

import numpy as np
import pytest
from recordings import with_p_values

from infonet_ros.offline.provenance import Provenance
from infonet_ros.offline.report import render_report

PROVENANCE = Provenance(
    command="infonet bag small --window 10",
    versions={"infonet_ros": "0.1.0"},
    made=datetime(2026, 5, 1, 12, 0, 0, tzinfo=timezone.utc),
    params="infonet:\n",
    notices=("a <b>notice</b>",),
)
EVIL = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


class Page(HTMLParser):
    """Tags and texts of a page, scripts apart."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self._inside = [], [], None
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._inside = tag

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside != "style":
            self.words += data


def renamed(analysis, names):
    """Give the channels of an analysis other names."""
    new = dict(zip(analysis.names, names, strict=True))
    return replace(
        analysis,
        label=EVIL,
        matrices=tuple(replace(m, names=names) for m in analysis.matrices),
        whole=replace(
            analysis.whole,
            matrix=replace(analysis.whole.matrix, names=names),
            curves=tuple(replace(c, a=new[c.a], b=new[c.b]) for c in analysis.whole.curves),
        ),
        changes=tuple(replace(c, a=new[c.a], b=new[c.b]) for c in analysis.changes),
        topics=tuple(replace(t, name=EVIL, type=EVIL) for t in analysis.topics),
    )


@pytest.fixture(scope="module")
def page(small_analysis):
    return render_report(small_analysis, PROVENANCE)


@pytest.fixture(scope="module")
def evil_page(small_analysis):
    names = (EVIL, "<b>bold</b> & 'quoted'", "speed\u2028.data</SCRIPT>")
    return render_report(
        renamed(small_analysis, names), replace(PROVENANCE, command=EVIL, params=EVIL, notices=(EVIL,))
    )


def test_the_page_tells_the_delay_and_how_it_was_made(page):
    words = Page(page).words
    assert "speed.data follows by 0.40 s" in words
    assert "infonet bag small --window 10" in words
    assert "a <b>notice</b>" in words  # as text
    assert "1 of 3 pairs is significant: p ≤ 0.01 against all circular shifts" in words


def test_the_tables_name_topics_with_their_figures(page):
    words = " ".join(Page(page).words.split())
    assert "/legrobot_msgs/msg/Leg1200120020" in words  # topic, type, messages, read, rate
    assert "time of recording" in words  # /speed has no header


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


def test_the_page_is_small_enough_to_be_sent(page):
    assert len(page.encode()) < 8e6


def test_the_discriminants_that_find_room_are_those_of_the_strongest_pairs(small_analysis, monkeypatch):
    nodes = len(next(iter(small_analysis.whole.discriminants.values())))
    monkeypatch.setattr("infonet_ros.offline.report_data._MOST_TABLE_VALUES", 2 * nodes**2)
    data = json.loads(Page(render_report(small_analysis, PROVENANCE)).scripts[0])
    assert len(data["tables"]["pairs"]) == 2
    assert data["tables"]["pairs"][0] == 1  # force and speed, the second pair of three channels
    assert len(b64decode(data["tables"]["values"])) == 2 * nodes**2


def test_names_from_the_recording_cannot_become_markup(page, evil_page):
    ours, theirs = Page(page), Page(evil_page)
    assert [tag for tag, _ in ours.tags] == [tag for tag, _ in theirs.tags]
    assert [a.keys() for _, a in ours.tags] == [a.keys() for _, a in theirs.tags]
    assert ours.scripts[1:] == theirs.scripts[1:]
    assert EVIL in theirs.words
    data = json.loads(theirs.scripts[0])
    assert data["names"][0] == EVIL
    assert "<" not in theirs.scripts[0]


def test_a_pair_that_is_not_known_is_no_number_in_the_data(small_analysis):
    matrix = replace(small_analysis.whole.matrix, mi=np.full((3, 3), np.nan, dtype=np.float32))
    whole = replace(small_analysis.whole, matrix=matrix)
    text = render_report(replace(small_analysis, whole=whole), PROVENANCE)
    json.loads(Page(text).scripts[0])  # NaN would be no JSON


# ---- in a real browser ----------------------------------------------------------------------------------------------

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1200",
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("Chromium and its driver are not installed (Debian: chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    browser.set_page_load_timeout(90)
    yield browser
    browser.quit()


def opened(browser, tmp_path, text):
    path = tmp_path / "report.html"
    path.write_text(text, encoding="utf-8")
    browser.get(path.as_uri())
    wait(browser, "return document.querySelectorAll('#over-delay .main-svg').length > 0")


def wait(browser, condition):
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 60).until(lambda b: b.execute_script(condition))


def text_of(browser, identifier):
    return browser.execute_script("return document.getElementById(arguments[0]).textContent", identifier)


def click_cell(browser, column, row):
    """Click a cell of the matrix where it is on the screen, as a hand would."""
    from selenium.webdriver.common.action_chains import ActionChains

    area = browser.find_element("css selector", "#matrix .nsewdrag")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", area)
    width, height = area.size["width"], area.size["height"]
    count = browser.execute_script("return document.getElementById('matrix').data[0].z.length")
    x, y = (column + 0.5) / count - 0.5, (row + 0.5) / count - 0.5
    ActionChains(browser).move_to_element_with_offset(area, int(x * width), int(y * height)).click().perform()


def test_the_report_draws_and_answers(browser, tmp_path, page, small_analysis):
    opened(browser, tmp_path, page)
    for chart in ("matrix", "over-time", "ranks", "over-delay", "modalities"):
        assert browser.execute_script(f"return document.querySelector('#{chart} .main-svg').getBBox().width > 100"), (
            chart
        )
    drawn = browser.execute_script("return document.getElementById('matrix').data[0].z")
    assert drawn[0][2] == pytest.approx(float(small_analysis.whole.matrix.mi[0, 2]), rel=1e-5)
    assert drawn[0][0] is None
    assert text_of(browser, "pair-title") == "leg.force  ↔  speed.data"  # the strongest pair is open

    slider = browser.find_element("id", "window")
    assert slider.get_attribute("max") == str(len(small_analysis.matrices) - 1)
    slider.send_keys("\ue014\ue014\ue014")  # three times the right arrow
    drawn = browser.execute_script("return document.getElementById('matrix').data[0].z")
    assert drawn[1][2] == pytest.approx(float(small_analysis.matrices[3].mi[1, 2]), rel=1e-5)
    shown = browser.execute_script("return document.getElementById('moment').value")
    assert re.fullmatch(r"6\.\d – 1[56]\.\d s", shown)  # noqa: RUF001

    click_cell(browser, 1, 0)
    wait(browser, "return document.getElementById('pair-title').textContent.includes('torque')")
    assert text_of(browser, "pair-title") == "leg.force  ↔  leg.torque[0]"
    over_time = browser.execute_script("return document.getElementById('over-time').data[2].y")
    assert over_time == pytest.approx([float(m.mi[0, 1]) for m in small_analysis.matrices], rel=1e-5)

    browser.find_element("css selector", "tr[data-pair='0,2'] button").click()
    assert text_of(browser, "pair-title") == "leg.force  ↔  speed.data"
    points = browser.execute_script("const d = document.getElementById('ranks').data; return [d.at(-2).x, d.at(-2).y]")
    assert np.corrcoef(points)[0, 1] > 0.8  # at the delay; without it they are unrelated

    assert_clean(browser)


def test_a_dot_marks_pairs_that_are_significant_after_correction(browser, tmp_path, small_analysis):
    tested = with_p_values(small_analysis, [0.01, 0.01, 0.4])
    opened(browser, tmp_path, render_report(tested, PROVENANCE))
    marked = "return document.getElementById('matrix').data[0].text.map(row => row.map(cell => cell.includes('•')))"
    assert not np.any(browser.execute_script(marked))
    assert "p = 0.010, adjusted 0.015" in text_of(browser, "pair-facts")
    opened(browser, tmp_path, render_report(with_p_values(small_analysis, [0.001, 0.4, 0.01]), PROVENANCE))
    assert np.array(browser.execute_script(marked)).tolist() == [
        [False, True, False],
        [True, False, False],
        [False] * 3,
    ]
    assert_clean(browser)


def assert_clean(browser):
    """No error in the console, and no request but for the file itself and pictures that the page made."""
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert any(url.startswith("file:") for url in asked)
    foreign = [url for url in asked if not url.startswith(("file:", "data:", "blob:", "chrome:", "chrome-untrusted:"))]
    assert foreign == []


def test_names_from_the_recording_do_nothing_in_the_browser(browser, tmp_path, evil_page):
    opened(browser, tmp_path, evil_page)
    click_cell(browser, 2, 0)
    wait(browser, "return document.querySelectorAll('#matrix .hoverlayer text').length > 0")
    assert "taken" not in browser.title.split("<")[0]
    assert browser.find_elements("css selector", "img") == []
    labels = browser.execute_script(
        "return [...document.querySelectorAll('#matrix .ytick text')].map(t => t.textContent)"
    )
    assert labels[1] == "<b>bold</b> & 'quoted'"  # to plotly, <b> would be markup
    assert_clean(browser)
