"""The page in a browser: it loads without network, sorts, filters and fits a phone."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from shutil import which
from urllib.parse import unquote

import pandas as pd
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait
from stored_rows import CONFIGURATION, make_row

from studies.analysis.quoted import QUOTED
from studies.analysis.results import StudyResults
from studies.analysis.summaries import describe
from studies.reports.front_page import write_front_page
from studies.reports.html.page import write_page
from studies.reports.statements import CLAIMS
from studies.reports.stored_runs import find_runs
from studies.reports.study_report import build_report, read_study
from studies.rows.runs_file import add_rows, read_rows

CHROMIUM, DRIVER = which("chromium"), which("chromedriver")
in_a_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium or chromedriver is not installed"
)
#: Study, dataset, arm in words, generator, trainable parameters, test accuracies of three seeds.
ARMS = (
    (
        "ablation",
        "digits",
        "χ = 4, orthogonal start: trained phases",
        "pqcnn",
        556,
        (0.91, 0.92, 0.90),
    ),
    (
        "ablation",
        "digits",
        "χ = 4, orthogonal start: no input",
        "no_input",
        428,
        (0.885, 0.875, 0.88),
    ),
    (
        "ablation",
        "digits",
        "χ = 4, orthogonal start: frozen phases",
        "frozen",
        429,
        (0.78, 0.79, 0.77),
    ),
    (
        "ablation",
        "digits",
        "χ = 4, orthogonal start: fixed random numbers",
        "fixed_random",
        430,
        (0.95, 0.95, 0.95),
    ),
    (
        "ablation",
        "mnist",
        "χ = 4, orthogonal start: trained phases",
        "pqcnn",
        556,
        (0.801, 0.802, 0.803),
    ),
    ("bond_dimension", "mnist", "χ = 10: lean form", "pqcnn", 2758, (0.941, 0.945, 0.95)),
    # More accurate than 9.5 %, and after it in the alphabet.
    ("bond_dimension", "mnist", "χ = 1: lean form", "pqcnn", 157, (0.095, 0.095, 0.095)),
)


def studies_of(folder: Path) -> list[StudyResults]:
    return [read_study(csv.parent) for csv in sorted(folder.glob("*/runs.csv"))]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with made-up rows of two studies on two datasets, and its reports."""
    folder = tmp_path_factory.mktemp("results")
    for study, dataset, label, generator, count, accuracies in ARMS:
        configuration = replace(
            CONFIGURATION, dataset=dataset, generator=generator, mapping=f"mlp:hidden={count}"
        )
        axes = configuration.axes() | {
            "study": study,
            "label": label,
            "configuration": configuration.digest(),
            "trainable_parameters": count,
        }
        rows = [make_row(s, test_accuracy=a, **axes) for s, a in enumerate(accuracies)]
        add_rows(folder / study / "runs.csv", rows)
    for each in studies_of(folder):
        build_report(folder / each.study.name)
    write_front_page(folder, studies_of(folder))
    write_page(folder, studies_of(folder), CLAIMS)
    return folder


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    options = Options()
    options.binary_location = str(CHROMIUM)
    options.add_argument("--headless=new")
    options.add_argument("--disable-dev-shm-usage")
    if os.geteuid() == 0:  # chromium has no sandbox for root
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options, Service(str(DRIVER)))
    yield browser
    browser.quit()


@pytest.fixture
def page(driver: webdriver.Chrome, results: Path) -> webdriver.Chrome:
    """The page, loaded and its tables made sortable."""
    resize(driver, 1400, 1000)
    load(driver, f"file://{results}/report.html")
    return driver


def load(driver: webdriver.Chrome, address: str) -> None:
    driver.get(address)
    WebDriverWait(driver, 20).until(lambda d: d.find_elements(By.CSS_SELECTOR, ".dt-info"))


def resize(driver: webdriver.Chrome, width: int, height: int) -> None:
    """The size of the page in pixels; windows have a least width, the page has none."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
    )


def column(page: webdriver.Chrome, name: str, table: str = "models") -> list[str]:
    """What the cells of a column show, from the first line to the last."""
    names = [h.get_attribute("data-name") for h in heads(page, table)]
    place = names.index(name) + 1
    cells = page.find_elements(By.CSS_SELECTOR, f"#{table} tbody td:nth-child({place})")
    return [cell.text.partition("\nrun again")[0] for cell in cells]


def heads(
    page: webdriver.Chrome, table: str = "models"
) -> list[webdriver.remote.webelement.WebElement]:
    return page.find_elements(By.CSS_SELECTOR, f"#{table} thead th")


def sort_by(page: webdriver.Chrome, name: str, table: str = "models") -> None:
    (head,) = [h for h in heads(page, table) if h.get_attribute("data-name") == name]
    head.click()


def choose(page: webdriver.Chrome, name: str, value: str) -> None:
    Select(page.find_element(By.ID, name)).select_by_visible_text(value)


def shown_sections(page: webdriver.Chrome) -> set[str]:
    sections = page.find_elements(By.CSS_SELECTOR, "section")
    return {str(s.get_attribute("id")) for s in sections if s.is_displayed()}


@in_a_browser
def test_a_click_sorts_by_number(page: webdriver.Chrome, results: Path) -> None:
    rows = pd.concat([read_rows(csv) for csv in results.glob("*/runs.csv")])
    means = 100 * rows.groupby("configuration")["test_accuracy"].mean()
    sort_by(page, "test %")
    found = column(page, "test %")
    assert found[0] == f"{means.max():.1f}" == "95.0"
    assert column(page, "model")[0] == "χ = 4, orthogonal start: fixed random numbers"
    assert found[: len(ARMS)] == [f"{mean:.1f}" for mean in means.sort_values(ascending=False)]
    assert set(found[len(ARMS) :]) == {""}, "quoted figures are not of the test images"
    sort_by(page, "trainable")
    assert [int(text.replace(",", "")) for text in column(page, "trainable")] == sorted(
        [*(arm[4] for arm in ARMS), *(row.trainable_parameters for row in QUOTED)], reverse=True
    )


@in_a_browser
def test_filters_by_study_and_dataset(page: webdriver.Chrome) -> None:
    assert len(column(page, "study")) == len(ARMS) + len(QUOTED)
    assert shown_sections(page) == {"ablation", "bond_dimension"}
    choose(page, "study", "ablation")
    assert column(page, "study") == ["ablation"] * 5
    assert shown_sections(page) == {"ablation"}
    choose(page, "dataset", "mnist")
    assert column(page, "test %") == ["80.2"]
    choose(page, "study", "all")
    assert len(column(page, "study")) == 3 + len(QUOTED)
    assert set(column(page, "dataset")) == {"mnist"}
    choose(page, "dataset", "digits")
    assert sorted(column(page, "trainable")) == ["428", "429", "430", "556"]
    assert shown_sections(page) == {"ablation"}, "the other study has no run on digits"
    figures = page.find_elements(By.TAG_NAME, "figure")
    # the chart, two over all studies; contrasts, accuracy, seeds and curves of the ablation
    assert sum(figure.is_displayed() for figure in figures) == 7


@in_a_browser
def test_what_is_chosen_stands_in_the_address(page: webdriver.Chrome, results: Path) -> None:
    choose(page, "study", "ablation")
    choose(page, "dataset", "mnist")
    assert page.current_url.endswith("report.html?dataset=mnist&study=ablation")
    load(page, page.current_url)
    assert column(page, "test %") == ["80.2"]
    assert shown_sections(page) == {"ablation"}
    choose(page, "study", "all")
    choose(page, "dataset", "all")
    assert page.current_url == f"file://{results}/report.html"
    load(page, f"file://{results}/report.html?study=%3Cb%3E&dataset=mnist")
    assert Select(page.find_element(By.ID, "study")).first_selected_option.text == "all"


def reach_chart(page: webdriver.Chrome) -> None:
    """Scroll to the chart, and wait until it is drawn."""
    page.execute_script("document.getElementById('chart').scrollIntoView()")
    WebDriverWait(page, 60).until(lambda d: d.find_elements(By.CSS_SELECTOR, ".plot canvas"))


def models_drawn(page: webdriver.Chrome, count: int, dataset: str) -> None:
    """Wait until the chart says that it shows so many."""
    words = f"{count} models on {dataset};"
    WebDriverWait(page, 60).until(
        lambda d: words in d.find_element(By.CSS_SELECTOR, ".plot").get_attribute("aria-label")
    )


@in_a_browser
def test_the_chart_is_drawn_when_it_is_reached_and_says_what_a_point_is(
    page: webdriver.Chrome, results: Path
) -> None:
    resize(page, 1000, 100)
    load(page, f"file://{results}/report.html")
    assert not page.find_elements(By.CSS_SELECTOR, ".plot *"), "nobody has come near"
    resize(page, 1000, 900)
    reach_chart(page)
    models_drawn(page, 3 + len(QUOTED), "mnist")
    told = page.execute_script(POINT_AT, "χ = 10: lean form")
    assert told is not None, "no point says that it is this model"
    for words in ("bond_dimension", "94.5 % [93.4, 95.7]", "2,758"):
        assert words in told
    page.execute_script("window.pointedAt.click()")
    assert page.current_url.endswith(f"#{row_of(page).get_attribute('id')}")
    assert "χ = 10: lean form" in row_of(page).text
    load(page, page.current_url)
    assert "χ = 10: lean form" in row_of(page).text, "the address leads to the line as well"


#: Points at places at the upper right of the chart, where accurate models of many parameters are,
#: until one says that it is the model; returns what it says.
POINT_AT = """
const canvas = document.querySelector(".plot canvas"), box = canvas.getBoundingClientRect();
const say = (name, x, y) => canvas.dispatchEvent(
  new PointerEvent(name, { clientX: x, clientY: y, bubbles: true }));
const [top, left] = [box.top + 0.1 * box.height, box.left + 0.6 * box.width];
for (let y = top; y < top + 0.4 * box.height; y += 4) for (let x = left; x < box.right; x += 4) {
  for (const name of ["pointermove", "mousemove"]) say(name, x, y);
  const told = document.querySelector("#vg-tooltip-element.visible")?.innerText;
  if (!told?.includes(arguments[0])) continue;
  const names = ["pointerdown", "mousedown", "pointerup", "mouseup", "click"];
  window.pointedAt = { click: () => names.forEach((name) => say(name, x, y)) };
  return told;
}
"""


def row_of(page: webdriver.Chrome) -> webdriver.remote.webelement.WebElement:
    """The line of the table that is marked."""
    return page.find_element(By.CSS_SELECTOR, "#models tr[aria-current]")


@in_a_browser
def test_families_are_switched_by_the_keyboard_and_stand_in_the_address(
    page: webdriver.Chrome, results: Path
) -> None:
    reach_chart(page)
    models_drawn(page, 3 + len(QUOTED), "mnist")
    page.find_element(By.NAME, "paper").send_keys(Keys.SPACE)
    models_drawn(page, 3, "mnist")
    assert page.current_url == f"file://{results}/report.html?without=paper"
    choose(page, "dataset", "digits")
    models_drawn(page, 4, "digits")
    load(page, page.current_url)
    assert not page.find_element(By.NAME, "paper").is_selected()
    assert page.find_element(By.NAME, "control").is_selected()
    reach_chart(page)
    models_drawn(page, 4, "digits")
    choose(page, "study", "bond_dimension")
    models_drawn(page, 0, "digits")


@in_a_browser
def test_the_command_that_runs_a_model_again_is_copied(
    page: webdriver.Chrome, results: Path
) -> None:
    resize(page, 390, 844)
    box = page.find_element(By.CSS_SELECTOR, ".dt-layout-table")
    width = page.execute_script("return arguments[0].scrollWidth", box)
    page.find_element(By.CSS_SELECTOR, ".again summary").send_keys(Keys.ENTER)
    button = page.find_element(By.CSS_SELECTOR, ".again button")
    button.send_keys(Keys.ENTER)
    WebDriverWait(page, 20).until(lambda d: button.text == "copied")
    (command,) = page.execute_script("return [getSelection().toString()]")
    assert page.execute_script("return arguments[0].scrollWidth", box) == width
    found = re.fullmatch(r"python -m studies\.show ([0-9a-f]{12}-\d+) --again", command)
    assert found is not None
    (run,) = find_runs(results, found[1])
    assert describe(pd.Series(run.row)) == column(page, "model")[0]


@in_a_browser
def test_contrasts_can_be_sorted(page: webdriver.Chrome) -> None:
    table = "contrasts-ablation-digits"
    assert column(page, "difference", table) == ["+13.0", "−4.0", "+3.0"]
    sort_by(page, "difference", table)
    assert column(page, "difference", table) == ["+13.0", "+3.0", "−4.0"]
    assert column(page, "second", table)[-1] == "fixed random numbers (430)"
    assert column(page, "verdict", table) == ["exploratory, no claim"] * 3


@in_a_browser
def test_it_fits_a_phone(page: webdriver.Chrome) -> None:
    resize(page, 390, 844)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 390
    box = page.find_element(By.CSS_SELECTOR, ".dt-layout-table")
    assert page.execute_script("return arguments[0].scrollWidth", box) > 390, "it scrolls instead"
    pictures = page.find_elements(By.TAG_NAME, "img")
    assert pictures
    assert all(0 < picture.size["width"] <= 390 for picture in pictures)
    first = page.find_element(By.CSS_SELECTOR, "#models tbody td")
    assert first.size["width"] < 200, "what does not move leaves room for what does"


@in_a_browser
def test_a_figure_is_shown_in_full_size_by_the_keyboard(page: webdriver.Chrome) -> None:
    resize(page, 390, 844)
    picture = page.find_element(By.CSS_SELECTOR, ".picture")
    picture.send_keys(Keys.ENTER)
    assert picture.get_attribute("aria-pressed") == "true"
    assert picture.find_element(By.TAG_NAME, "img").size["width"] > 390
    assert page.execute_script("return document.documentElement.scrollWidth") <= 390
    picture.send_keys(Keys.ENTER)
    assert picture.find_element(By.TAG_NAME, "img").size["width"] <= 390


@in_a_browser
def test_the_first_column_stays_when_a_table_is_scrolled(page: webdriver.Chrome) -> None:
    resize(page, 390, 844)
    box = page.find_element(By.CSS_SELECTOR, ".dt-layout-table")
    cell = page.find_element(By.CSS_SELECTOR, "#models tbody td")
    before = cell.location["x"]
    page.execute_script("arguments[0].scrollLeft = 300", box)
    assert page.execute_script("return arguments[0].scrollLeft", box) == 300
    assert cell.location["x"] == before


@in_a_browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_it_is_accessible(page: webdriver.Chrome, theme: str, width: int) -> None:
    """By the rules of axe, contrast among them, which differs between the themes."""
    features = [{"name": "prefers-color-scheme", "value": theme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    resize(page, width, 900)
    reach_chart(page)
    ground = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (theme == "light")
    page.set_script_timeout(120)
    page.execute_script((files("axe_playwright_python") / "axe.min.js").read_text())
    violations = page.execute_async_script(
        "const done = arguments[0]; axe.run().then((found) => done(found.violations));"
    )
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert violations == []


@in_a_browser
def test_nothing_is_fetched_and_nothing_complains(
    driver: webdriver.Chrome, results: Path, request: pytest.FixtureRequest
) -> None:
    for log in ("browser", "performance"):
        driver.get_log(log)
    request.getfixturevalue("page")
    sort_by(driver, "test %")
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    addresses = {
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert f"file://{results}/report.html" in addresses
    assert {address.partition(":")[0] for address in addresses} == {"file", "data"}
    assert driver.get_log("browser") == []


class Addresses(HTMLParser):
    """Every src and href of a page but those of plain hyperlinks."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [v or "" for name, v in attrs if name in ("src", "href") and tag != "a"]


def test_it_loads_nothing_but_figures_beside_it(results: Path) -> None:
    text = (results / "report.html").read_text()
    parser = Addresses()
    parser.feed(text)
    assert len(set(parser.found)) == len(parser.found) >= len(list(results.rglob("*.png")))
    assert all((results / unquote(address)).is_file() for address in parser.found)
    assert text.count('loading="lazy"') == len(parser.found)
    assert text.count("data:text/javascript") == 1, "where a library is made a module"
    assert not re.search(r"url\(\s*['\"]?http", text)
    assert len(text) < 2_000_000


def test_the_same_rows_give_the_same_page(results: Path) -> None:
    before = (results / "report.html").read_bytes()
    write_page(results, studies_of(results), CLAIMS)
    assert (results / "report.html").read_bytes() == before


def test_a_study_that_has_only_searched_is_on_both_pages(tmp_path: Path) -> None:
    add_rows(tmp_path / "mode_sweep" / "runs.csv", [make_row(0, role="search")])
    studies = studies_of(tmp_path)
    for page in (write_front_page(tmp_path, studies), write_page(tmp_path, studies, CLAIMS)):
        assert "what would answer it has not been run with fresh seeds" in page.read_text()
