"""The dashboard off loopback, in a real browser that has no certificate: a token that is good once lets it in."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, Page, find

HERE = Path(__file__).parent
PHALANX = [sys.executable, "-m", "phalanx"]


@pytest.fixture
def entrance(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Where the pages of a scheduler are, and a token for them."""
    folder = str(tmp_path / "credentials")
    subprocess.run([*PHALANX, "credentials", "new", folder], check=True, capture_output=True)
    command = [*PHALANX, "scheduler", "--bind", "127.0.0.1:0", "--dashboard", "0.0.0.0:0", "--dashboard-token=client"]
    scheduler = subprocess.Popen([*command, "--credentials", folder], stdout=subprocess.PIPE, text=True)
    try:
        assert scheduler.stdout is not None
        said = scheduler.stdout.readline() + scheduler.stdout.readline()
        found = re.search(r"https://\S+:(\d+)/enter#(\w+)", said)
        assert found, said
        yield f"https://127.0.0.1:{found[1]}/", found[2]
    finally:
        scheduler.terminate()
        scheduler.wait(10)


@pytest.fixture
def browser() -> Iterator[Browser]:
    program = find()
    if program is None:
        pytest.skip("no Chromium, and it can't be installed here: apt-get install chromium, and run as root or before")
    # Certificates bear roles and no addresses, of which it would warn.
    browser = Browser(program, "--ignore-certificate-errors")
    yield browser
    browser.close()


def led_to(page: Page, url: str, path: str) -> None:
    """Opens an address that leads on to another page."""
    page.call("Page.navigate", url=url)
    left(page, path)


def left(page: Page, path: str) -> None:
    """Waits until a page has become another."""
    page.wait(f"location.pathname === {path!r} && document.readyState === 'complete'")


def test_a_token_lets_a_browser_in_once(browser: Browser, entrance: tuple[str, str]) -> None:
    url, token = entrance
    page = browser.page()
    page.look(1440)
    led_to(page, url + "status", "/status")
    assert "shows a certificate of the cluster" in page.value("document.body.textContent")
    page.complaints()
    led_to(page, f"{url}enter#{token}", "/status")
    page.wait("document.getElementById('connection').textContent === 'live'")
    assert page.value("document.cookie") == "", "no script reads the cookie"
    assert token not in page.value("location.href")
    entries = page.call("Page.getNavigationHistory")["entries"]
    assert not any(token in entry["url"] for entry in entries), "it is in the history"
    assert page.complaints() == []
    page.open(url + "workers")
    assert "No worker is here" in page.value("document.body.textContent")
    # Another tab of the same browser hears at once that this one signs out.
    tab = browser.page()
    tab.open(url + "jobs")
    tab.wait("document.getElementById('connection').textContent === 'live'")
    page.value("document.querySelector('.leave button').click()")
    left(page, "/enter")
    assert "You are signed out" in page.value("document.body.textContent")
    tab.wait("document.body.classList.contains('lost')")
    led_to(tab, url + "status", "/status")
    assert "shows a certificate of the cluster" in tab.value("document.body.textContent")
    tab.close()
    # Another browser that has seen the address is late.
    other = Browser(str(find()), "--ignore-certificate-errors")
    try:
        late = other.page()
        led_to(late, f"{url}enter#{token}", "/enter")
        late.wait("document.querySelector('[role=alert]')")
        assert "used already" in late.value("document.body.textContent")
    finally:
        other.close()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("dark", [False, True])
def test_the_entrance_is_legible(
    browser: Browser, entrance: tuple[str, str], width: int, dark: bool, tmp_path: Path
) -> None:
    page = browser.page()
    page.look(width, dark)
    page.open(entrance[0] + "enter")
    assert page.value("document.documentElement.scrollWidth") <= width
    page.call("Runtime.evaluate", expression=(HERE / "axe" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.value(
        "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => v.id + ': ' + v.help + ' ' "
        "+ v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + ' ' + n.failureSummary).join(' | ')))"
    )
    assert found == []
    page.value("document.querySelector('input').focus()")
    page.press("Tab", 9)
    assert page.value("document.activeElement.textContent") == "Enter"
    page.picture(tmp_path / "enter.png")
    assert page.complaints() == []
