"""Debian's Chromium, driven by Playwright, on an API that serves what the sample became."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest
from playwright.sync_api import sync_playwright

from api.settings import Settings
from tests.api.serving import ready, serving, wait_until
from tests.conftest import ROOT

CHROMIUM = os.environ.get("CHROMIUM", "") or shutil.which("chromium") or ""
ARTIFACTS = ROOT / "target" / "screenshots"
MODELS = ("price_linear", "sales_class_logistic", "sales_volume_linear")


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM:
        missing = "chromium is not installed: the page was NOT LOOKED AT (apt install chromium)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="session")
def sample_page(browser, sample_cloud):
    """The address of the page on the sample."""
    with serving(Settings(cloud=sample_cloud.settings, reload_seconds=0.2)) as client:
        wait_until(lambda: set(ready(client)["models"]) == set(MODELS))
        yield str(client.base_url)


@pytest.fixture
def page_of(browser):
    """A function that opens an address as somebody of a language, on a screen of a width."""
    contexts = []

    def open_page(address, language="pt-BR", width=1280, scheme="light"):
        size = {"width": width, "height": 844 if width < 600 else 900}
        context = browser.new_context(locale=language, viewport=size, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda m: m.type == "error" and page.faults.append(m.text))
        page.goto(address)
        page.wait_for_load_state("networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def without_bigquery(sample_cloud):
    """The address of a page whose BigQuery is away."""
    cloud = replace(sample_cloud.settings, bigquery_host="http://127.0.0.1:1")
    with serving(Settings(cloud=cloud, reload_seconds=0.2)) as client:
        wait_until(lambda: set(ready(client)["models"]) == set(MODELS))
        yield str(client.base_url)
