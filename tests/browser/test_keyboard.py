"""Every screen is reached and used by key presses alone; the focus is always seen."""

import pytest

from tests.browser.reading import heading, settled
from tests.browser.test_page import LANGUAGES, SCREENS
from tests.e2e.desk import SAMPLE

pytestmark = pytest.mark.soak
MOST_STOPS = 120
# What has the focus: whether it is marked and on the screen. Past the last stop it leaves the page.
FOCUS = """selector => {
    const focused = document.activeElement, box = focused.getBoundingClientRect();
    return {
        found: focused.matches(selector),
        outside: focused === document.body,
        marked: getComputedStyle(focused).outlineStyle !== "none",
        seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
        html: focused.outerHTML.slice(0, 120),
    };
}"""


def tab_to(page, selector):
    """Press Tab until the focus is on what a selector finds."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS, selector)
        assert focus["outside"] or (focus["marked"] and focus["seen"]), focus["html"]
        if focus["found"]:
            return
    pytest.fail(f"{MOST_STOPS} presses of Tab do not reach {selector}")


def use_sales(page):
    before = page.locator("#total-units").inner_text()
    tab_to(page, 'select[name="region"]')
    page.keyboard.press("ArrowDown")
    page.wait_for_function(
        "before => document.getElementById('total-units').textContent !== before", arg=before
    )
    tab_to(page, 'select[name="last_year"]')
    tab_to(page, 'select[name="measure"]')
    title = page.locator(".panel h3").first.inner_text()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(
        "before => document.querySelector('.panel h3').innerText !== before", arg=title
    )
    tab_to(page, ".panel summary")
    page.keyboard.press("Enter")
    assert page.locator("#chart-year-table table").is_visible()
    tab_to(page, "#chart-year-table .scroll")


def use_predict(page):
    tab_to(page, 'select[name="what"]')
    page.keyboard.press("ArrowDown")
    settled(page)
    assert page.evaluate("document.activeElement.name") == "what"
    page.wait_for_selector(".answer")

    def moves(*keys):
        before = page.locator("#answer").inner_text()
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_function(
            "before => document.getElementById('answer').innerText !== before", arg=before
        )

    tab_to(page, 'form select[name="model"]')
    moves("ArrowDown")
    tab_to(page, 'form input[name="year"]')
    moves("ArrowUp")
    tab_to(page, 'form input[type="range"]')
    moves("ArrowRight", "ArrowRight")


def use_batch(page):
    page.on("filechooser", lambda chooser: chooser.set_files(SAMPLE))
    tab_to(page, 'select[name="batch-model"]')
    page.keyboard.press("ArrowDown")
    settled(page)
    assert page.evaluate("document.activeElement.name") == "batch-model"
    tab_to(page, "#report-file")
    page.keyboard.press("Enter")
    page.wait_for_selector("#download")
    tab_to(page, "#download")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    model = page.locator('select[name="batch-model"]').input_value()
    assert download.value.suggested_filename == f"{SAMPLE.stem}-{model}.csv"


def use_models(page):
    for part in range(3):
        tab_to(page, f"article details:nth-of-type({part + 1}) summary")
        page.keyboard.press("Enter")
        settled(page)
    assert page.locator("article details[open]").count() == 3
    tab_to(page, "article details:nth-of-type(3) .scroll")


def use_quality(page):
    tab_to(page, "section .scroll")
    tab_to(page, "#quality summary")
    page.keyboard.press("Enter")
    tab_to(page, "#quality details .scroll")


USES = {
    "sales": use_sales,
    "predict": use_predict,
    "batch": use_batch,
    "models": use_models,
    "quality": use_quality,
}


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
def test_keys_alone_are_enough(sample_page, page_of, screen, language, width):
    page = page_of(sample_page, language, width)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"

    tab_to(page, f'nav a[href="#{screen}"]')
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'main'")
    settled(page)

    assert heading(page) == SCREENS[screen][LANGUAGES.index(language)]
    USES[screen](page)
    tab_to(page, "footer a")  # nothing keeps the focus
    tab_to(page, "#language")
    page.keyboard.press("Enter")
    settled(page)
    assert heading(page) == SCREENS[screen][1 - LANGUAGES.index(language)]
    assert page.evaluate("document.activeElement.id") == "language"
    assert page.faults == []
