"""Nothing jumps: neither while a screen loads nor when its numbers change."""

import pytest

from tests.browser.reading import numbers_of, settled, total
from tests.browser.test_page import SCREENS

pytestmark = pytest.mark.soak
LARGEST_SHIFT = 0.1  # what web.dev calls good for a whole visit
# Since a time, those after a key press too, which the usual measure leaves out.
SHIFT = """since => new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => {
        for (const shift of list.getEntries()) if (shift.startTime > since) sum += shift.value;
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(sum), 200);
})"""

# When all that was done so far is drawn.
DRAWN = (
    "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"
)


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_loads_without_a_jump(sample_page, page_of, screen, width):
    page = page_of(f"{sample_page}/#{screen}", width=width)
    settled(page)

    assert page.evaluate(SHIFT, 0) < LARGEST_SHIFT


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_a_filter_changes_the_numbers_in_place(sample_page, page_of, width):
    page = page_of(sample_page, width=width)
    settled(page)
    everything = total(page, "units")
    page.locator("#sales summary").first.click()
    page.locator('select[name="region"]').evaluate("select => scrollTo(0, select.offsetTop - 20)")
    before = page.evaluate("scrollY")
    began = page.evaluate(DRAWN)
    page.evaluate("""() => {
        const section = document.getElementById("sales");
        window.seen = [];
        const look = () => window.seen.push(section.querySelectorAll(".panel").length);
        new MutationObserver(look).observe(section, { childList: true });
    }""")

    page.locator('select[name="region"]').select_option("Asia")
    settled(page)

    assert total(page, "units") < everything
    assert page.evaluate("scrollY") == before > 0
    assert min(page.evaluate("window.seen")) > 0, "the old numbers stood until the new ones"
    assert page.locator("#chart-year-table table").is_visible(), "what was opened stays open"
    assert page.evaluate(SHIFT, began) < LARGEST_SHIFT


def test_an_answer_that_was_overtaken_is_not_shown(sample_page, page_of):
    page, held = page_of(sample_page), []
    settled(page)
    everything, region = total(page, "units"), page.locator('select[name="region"]')
    page.route("**/dashboard?region=Asia", lambda route: held.append(route))

    region.select_option("Asia")
    assert page.locator("#sales").get_attribute("aria-busy") == "true"
    assert total(page, "units") == everything
    region.select_option("Europe")
    settled(page)
    europe = total(page, "units")
    with page.expect_response("**/dashboard?region=Asia"):
        held[0].continue_()
    page.evaluate(DRAWN)

    assert region.input_value() == "Europe"
    assert total(page, "units") == europe == numbers_of(page, "region")["Europe"] < everything
