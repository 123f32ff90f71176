"""The page as a browser shows it: figures drawn, nothing asked of a network, readable by everybody (axe)."""

from __future__ import annotations

import shutil

import pytest

from escgan.report.page import render_report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_report(data), encoding="utf-8")
    return path.as_uri()


def opened(browser, address, **options):
    page = browser.new_page(**options)
    page.set_default_timeout(120_000)
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    return page, said, asked


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_is_quiet_complete_and_accessible(browser, address, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page, said, asked = opened(browser, address, viewport={"width": width, "height": 900}, color_scheme=scheme)
    n_charts = page.locator('.paper script[type="application/json"]').count()
    assert n_charts == 4
    page.wait_for_function(f"document.querySelectorAll('.chart .main-svg .scatterlayer').length >= {n_charts}")
    page.wait_for_function(f"document.querySelectorAll('.hint').length == {n_charts}")
    assert page.locator(".paper img:visible").count() == page.locator(".paper img").count() - n_charts
    # What is wider than a phone scrolls in its own box, not the page.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert [(entry["id"], entry["impact"], entry["nodes"][0]["html"]) for entry in found] == []
    assert said == [] and [url for url in asked if not url.startswith(("data:", address))] == []
    page.close()


def test_without_scripts_every_figure_is_a_picture(browser, address):
    page, _, _ = opened(browser, address, java_script_enabled=False)
    assert page.locator(".paper img:visible").count() == page.locator(".paper img").count() > 10
    page.close()


def test_a_point_says_what_it_is(browser, address):
    page, said, _ = opened(browser, address, viewport={"width": 1280, "height": 900})
    page.wait_for_function("document.querySelectorAll('.hint').length == 4")
    point = page.locator("#plane .chart .scatterlayer .trace .point").last
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    page.wait_for_selector("#plane .hoverlayer .hovertext")
    assert "window" in page.locator("#plane .hoverlayer .hovertext").first.text_content() and said == []
    page.close()
