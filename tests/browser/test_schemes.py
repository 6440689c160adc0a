"""The light and the dark scheme: text and charts stand out from what is behind them."""

import re

import pytest

from tests.browser.conftest import ARTIFACTS
from tests.browser.reading import settled, violations
from tests.browser.test_page import SCREENS

pytestmark = pytest.mark.soak
# WCAG 2.2, success criterion 1.4.11: graphics that are needed to understand.
LEAST_CONTRAST = 3.0
USED = """() => [...document.querySelectorAll("canvas")].flatMap((canvas) =>
    Chart.getChart(canvas).data.datasets.flatMap((one) => [one.borderColor, one.backgroundColor]))
"""
PANEL = "getComputedStyle(document.querySelector('.panel')).backgroundColor"


def luminance(red, green, blue):
    """Return the relative luminance of an sRGB colour, as WCAG defines it."""
    shares = (value / 255 for value in (red, green, blue))
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(*one), luminance(*other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_of_charts_stand_out(sample_page, page_of, scheme):
    page = page_of(sample_page, scheme=scheme)
    settled(page)

    panel = [int(value) for value in re.findall(r"\d+", page.evaluate(PANEL))]
    colours = page.evaluate("async () => (await import('/assets/charts.js')).COLOURS")
    found = {one: contrast(bytes.fromhex(one[1:]), panel) for one in colours}

    assert len(found) == 8
    assert {one: ratio for one, ratio in found.items() if ratio < LEAST_CONTRAST} == {}
    assert {colour[:7] for colour in page.evaluate(USED)} <= set(colours)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_is_accessible_in_the_dark(sample_page, page_of, screen):
    page = page_of(f"{sample_page}/#{screen}", scheme="dark")
    settled(page)

    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{screen}-dark.png", full_page=True)

    assert violations(page) == []
