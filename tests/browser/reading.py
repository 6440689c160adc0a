"""What a person reads off the page, and what a screen reader's user would miss."""

from axe_playwright_python.sync_playwright import Axe


def settled(page):
    """Wait until the screen shows what was asked for last."""
    page.wait_for_function("""() => {
        const waits = document.querySelectorAll("section[aria-busy], [role=status]");
        return ![...waits].some((element) => element.checkVisibility());
    }""")


def heading(page):
    return page.locator("main section:visible h2").first.inner_text()


def number(text):
    """Read a number as Brazilians write it."""
    return float(text.replace(".", "").replace(",", "."))


def total(page, name):
    return number(page.locator(f"#total-{name}").inner_text())


def cells_of(table):
    """Return the rows of a table, its header first, as they are written."""
    return table.locator("tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )


def numbers_of(page, chart):
    """Return the table behind a chart: first cell to last cell."""
    return {row[0]: number(row[-1]) for row in cells_of(page.locator(f"#chart-{chart}-table"))[1:]}


def violations(page):
    """Return the rules of accessibility that the page breaks, each with the first place."""
    found = Axe().run(page).response["violations"]
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found]
