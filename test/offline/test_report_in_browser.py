"""The report in a real browser: Chromium, as Playwright brings it or as Debian has it."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from analyses import with_p_values
from reports import EVIL_NAMES, EVIL_PROVENANCE, EVIL_SHOWN, PROVENANCE, large, renamed
from table_files import written

from infonet_ros.drawing import palette
from infonet_ros.offline.pages.report import render_report
from infonet_ros.offline.pages.report_data import page_data
from infonet_ros.offline.whole_recording.groups import similar_order

BOUND = 120_000  # milliseconds, on a busy machine
CELLS = """id => {
  const canvas = document.querySelector(`#${id} canvas`);
  return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.width).data];
}"""


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        program = started.chromium.executable_path
        if not Path(program).exists():
            program = shutil.which("chromium") or shutil.which("google-chrome")
        if program is None:
            pytest.skip("no Chromium: `playwright install chromium`, or on Debian `apt install chromium`")
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"], timeout=BOUND)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Open pages; at the end, none may have logged an error, or requested anything but itself."""
    complaints, pages = [], []

    def open_page(text, width=1400, height=1000, scheme="light"):
        path = written(tmp_path, text, "report.html")
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.set_default_timeout(BOUND)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda request: request.url == path.as_uri() or complaints.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector("#over-delay svg")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert complaints == []


@pytest.fixture(scope="module")
def text(small_analysis):
    return render_report(small_analysis, PROVENANCE)


def scale_of(analysis):
    import json

    return json.loads(page_data(analysis, analysis.matrices, analysis.names, np.arange(3), ""))["scale"]


def assert_shows(page, mi, order, end):
    """Compare the cells of the matrix with the colours that the terminal and the node have for the same numbers."""
    drawn = np.array(page.evaluate(CELLS, "matrix")).reshape(len(mi), len(mi), 4)
    wanted = mi[np.ix_(order, order)]
    known = np.isfinite(wanted)
    assert (drawn[..., 3] == 255 * known).all()
    assert np.abs(drawn[known][:, :3] - palette.colours(wanted[known], end).astype(int)).max() <= 4


def test_the_matrix_shows_the_whole_recording_and_each_window(opened, text, small_analysis):
    order = similar_order(small_analysis.whole, small_analysis.significance)
    page, end = opened(text), scale_of(small_analysis)
    assert_shows(page, small_analysis.whole.matrix.mi, order, end)
    for _ in range(4):
        page.press("#window", "ArrowRight")
    assert_shows(page, small_analysis.matrices[4].mi, order, end)
    assert re.fullmatch(r"8\.\d – 1[78]\.\d s", page.evaluate("document.getElementById('moment').value"))  # noqa: RUF001
    page.click("#whole")
    page.select_option("#order", "topic")
    assert_shows(page, small_analysis.whole.matrix.mi, np.arange(3), end)


def test_a_pair_is_opened_by_a_click_by_the_arrow_keys_and_from_tables_words_and_picture(opened, text, small_analysis):
    page = opened(text)
    assert page.text_content("#pair-title") == "leg.force and speed.data"  # the most useful pair
    assert "speed.data follows by 0.40 s" in page.text_content("#pair-facts")

    page.select_option("#order", "topic")
    place = page.locator("#matrix canvas").bounding_box()
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 6)  # the first row's second cell
    assert page.text_content("#pair-title") == "leg.force and leg.torque[0]"
    assert "leg.torque[0]" in page.text_content("#tip")
    page.press("#matrix", "ArrowRight")
    assert page.text_content("#pair-title") == "leg.force and speed.data"
    page.press("#matrix", "ArrowDown")
    assert page.text_content("#pair-title") == "leg.torque[0] and speed.data"

    page.press(".link", "Enter")
    assert page.text_content("#pair-title") == "leg.force and speed.data"
    page.press("tr[data-pair='1,2'] button", "Enter")
    assert page.text_content("#pair-title") == "leg.torque[0] and speed.data"
    page.press(".short span[data-pair='0,2']", " ")
    assert page.text_content("#pair-title") == "leg.force and speed.data"


def test_a_dot_marks_pairs_that_are_significant_after_correction(opened, small_analysis):
    dots = "#matrix text.value:has-text('•')"
    page = opened(render_report(with_p_values(small_analysis, [0.01, 0.01, 0.4]), PROVENANCE))
    assert page.locator(dots).count() == 0
    assert "p = 0.010, adjusted 0.015" in page.text_content("#pair-facts")
    page = opened(render_report(with_p_values(small_analysis, [0.001, 0.4, 0.01]), PROVENANCE))
    assert page.locator(dots).count() == 2  # one pair, above and below the diagonal


def test_the_title_of_an_axis_covers_no_number(opened, small_analysis):
    page = opened(render_report(small_analysis, PROVENANCE))
    page.evaluate("""() => Charts.curve(document.getElementById("over-time"), {
        x: [0, 1], y: [0, 0], lower: [0, 0], upper: [0.01, 0.01],
        height: 230, xTitle: "", yTitle: "MI [nats]", label: "" })""")
    rights, lefts = page.evaluate("""() => [".title", ".tick[text-anchor=end]"].map((kind, k) =>
        [...document.querySelectorAll(`#over-time ${kind}`)].filter((one) => one.textContent)
            .map((one) => one.getBoundingClientRect()[["right", "left"][k]]))""")
    assert rights and len(lefts) >= 3 and max(rights) < min(lefts)


def test_on_a_narrow_screen_an_empty_cell_has_no_title(opened, small_analysis):
    page = opened(render_report(small_analysis, PROVENANCE), width=390, height=844)
    page.evaluate("() => { document.querySelector('tbody td:nth-child(2)').textContent = ''; }")
    assert not page.locator("tbody td:nth-child(2)").first.is_visible()


def column(page, number):
    return page.eval_on_selector_all(
        "main section:has(h2:text('Table of pairs')) tbody tr:not([hidden])",
        f"rows => rows.map(row => row.cells[{number}].textContent)",
    )


def test_tables_sort_and_filter_by_keyboard(opened, small_analysis):
    page = opened(render_report(large(small_analysis, topics=4, fields=2, windows=3), PROVENANCE))
    table = page.locator("main section:has(h2:text('Table of pairs'))")
    head = table.locator("th button", has_text="MI [nats]")
    head.press("Enter")
    values = [float(value) for value in column(page, 2)]
    assert values == sorted(values, reverse=True)
    assert table.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    head.press("Enter")
    assert [float(value) for value in column(page, 2)] == sorted(values)

    search = table.locator("input[type=search]")
    search.fill("name_3 NAME_1.some")  # in the names in full, which are shown on hover only
    assert 0 < len(column(page, 0)) < len(values)
    assert table.locator("output").text_content() == f"{len(column(page, 0))} of {len(values)} rows"
    search.press("Escape")
    assert len(column(page, 0)) == len(values)


def lightness(page):
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) / 3


def test_dark_as_the_system_is_until_the_reader_chooses(opened, text):
    assert lightness(opened(text, scheme="light")) > 200
    page = opened(text, scheme="dark")
    assert lightness(page) < 60
    page.click("#theme")
    assert lightness(page) > 200
    for _ in range(10):  # Chromium stores the choice a little later than it is made
        page.reload()
        if lightness(page) > 200:
            break
    assert lightness(page) > 200


@pytest.mark.parametrize("size", ["small", "large"])
def test_on_a_phone_nothing_is_cut_off(opened, text, small_analysis, size):
    page = opened(text if size == "small" else render_report(large(small_analysis), PROVENANCE), width=390, height=844)
    width, height = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert width <= 390
    assert height <= 6000
    outside = page.evaluate("""() => [...document.querySelectorAll("main *")].filter((element) => {
        const box = element.getBoundingClientRect();
        return box.width > 0 && (box.right > 391 || box.left < -1);
    }).map((element) => element.outerHTML.slice(0, 200))""")
    assert outside == []


def test_names_from_the_recording_do_nothing(opened, small_analysis):
    page = opened(render_report(renamed(small_analysis, EVIL_NAMES), EVIL_PROVENANCE))
    page.hover("#matrix canvas", force=True)
    assert page.locator("img, svg svg").count() == 0
    assert page.title() == f"Dependence in {EVIL_SHOWN}"
    page.select_option("#order", "topic")
    shown = page.locator("#matrix text.tick").all_text_contents()
    assert any("<b>bold" in label for label in shown)
