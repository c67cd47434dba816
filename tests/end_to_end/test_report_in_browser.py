"""The report in a real browser: what is drawn, what keyboard and script do, and that nothing is ever asked for."""

import json
from collections import Counter
from copy import deepcopy

import pytest

from netad.cli import main
from netad.sample.capture import write_sample

EVIL = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\"'>"
SIZES = {"wide": (1200, 900), "narrow": (400, 900)}


def report(folder, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["report", *arguments, "-q"])
    assert ended.value.code == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Events of two attacked hours of the sample office, of which a rule hides one source."""
    folder = tmp_path_factory.mktemp("office")
    write_sample(folder, seed=101, day=2, hours=2, attacks=("scan", "beacon"))
    write_sample(folder, seed=101, day=1, hours=2)
    for arguments in (
        ["train", folder / "normal.pcap", "--model", folder / "model"],
        ["ingest", folder / "attacked.pcap", "--model", folder / "model", "--budget", "1/10", "--profiles", "all",
         "--to", f"ndjson:{folder / 'events.ndjson'}"],
    ):  # fmt: skip
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in [*arguments, "-q"]])
        assert ended.value.code == 0
    return folder


@pytest.fixture(scope="module")
def events(folder):
    """Of three sources, with fifty flows each; one of them is hidden by a rule."""
    events = [json.loads(line) for line in (folder / "events.ndjson").read_text().splitlines()]
    alerts = sorted(
        (event for event in events if event["event"]["kind"] == "alert"), key=lambda one: -one["event"]["severity"]
    )
    addresses = list(dict.fromkeys(event["source"]["ip"] for event in alerts))
    shown, hidden = {*addresses[:2], addresses[-1]}, addresses[-1]
    assert len(shown) == 3
    kept, flows = [], Counter()
    for event in events:
        source = event["source"]["ip"]
        flows[source] += event["data_stream"]["dataset"] == "netad.flow"
        if source in shown and flows[source] <= 50:
            kept.append(event)
        if source == hidden and event["event"]["kind"] == "alert":
            event["netad"]["suppression"] = {"suppressed": True, "rule_ids": ["known"], "owner": ["kim"],
                                             "reason": ["our own"], "actions": ["suppress"]}  # fmt: skip
    return kept


@pytest.fixture(scope="module")
def pages(folder, events):
    """Pages of these events: as they are, with hostile texts, and without anything."""
    hostile = deepcopy(events)
    for event in hostile:
        event["message"] = EVIL
        if event["event"]["kind"] == "alert":
            event["event"]["url"] = event["event"]["reason"] = EVIL
            event["netad"]["evidence"] = {"domains": [EVIL], "user_agents": [EVIL]}
            event["netad"]["suppression"] |= {"rule_ids": [EVIL], "owner": [EVIL], "reason": [EVIL]}
    found = {}
    for name, content in {"plain": events, "hostile": hostile, "empty": events[:1]}.items():
        (folder / f"{name}.ndjson").write_text("\n".join(map(json.dumps, content)))
        found[name] = folder / f"{name}.html"
        extra = ["--namespace", "nobody"] if name == "empty" else []
        report(folder, str(folder / f"{name}.ndjson"), "-o", str(found[name]), *extra)
    return found


class Seen:
    """A page with all it said on the console and all it asked for."""

    def __init__(self, context):
        self.page = context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, path):
        self.page.goto(path.as_uri())
        return self.page

    def quiet(self):
        return (
            self.said == []
            and [url for url in self.asked if not url.startswith("file:")] == []
            and len(self.asked) == 1
        )


@pytest.fixture
def opened(browser, pages):
    """Return a function that opens a page; at the end nothing was said on a console and nothing was asked for."""
    contexts, seen = [], []

    def open_page(name="plain", size="wide", **options):
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, offline=True, **options)
        contexts.append(context)
        seen.append(Seen(context))
        return seen[-1].open(pages[name])

    yield open_page
    assert all(one.quiet() for one in seen), [(one.said, one.asked) for one in seen]
    for context in contexts:
        context.close()


def column(table, number):
    return table.locator(f"tbody tr td:nth-child({number})").all_inner_texts()


def numbers(texts):
    return [float(text.replace(",", "") or "-inf") for text in texts]


def test_what_was_found_is_drawn(opened):
    """Tiles, timeline, a card a source with strips and charts, and all of it is to be seen."""
    page = opened()
    sources = column(page.locator("#sources"), 2)
    assert page.locator("article.card").count() == len(sources) >= 2
    assert page.locator("#main > section .chart rect").first.is_visible()
    for card in page.locator("article.card").all():
        assert card.locator(".why").inner_text().strip()
        assert card.locator("svg.strip").count() >= 3
        assert card.locator("svg.strip use").first.bounding_box()["width"] > 0
    first = page.locator("article.card").first
    assert first.locator(".charts svg").count() >= 2
    assert first.locator(".charts svg").first.bounding_box()["height"] > 50


def test_tables_sort_by_click_and_by_key(opened):
    """Numbers by value, whichever way; the heading says which way it is."""
    page = opened()
    table = page.locator("#sources")
    flows = table.get_by_role("button", name="flows")
    flows.click()
    found = numbers(column(table, 7))
    assert found == sorted(found, reverse=True)
    assert table.locator("th[aria-sort=descending]").inner_text().startswith("flows")
    flows.focus()
    page.keyboard.press("Enter")
    assert numbers(column(table, 7)) == sorted(found)
    table.get_by_role("button", name="severity").click()
    ranks = ["suppressed", "low", "medium", "high", "critical"]
    shown = [text.split()[-1] for text in column(table, 3)]
    assert shown == sorted(shown, key=ranks.index)


def test_flows_sort_and_filter(opened):
    """Within their card; how many are left is said."""
    page = opened()
    details = page.locator("article.card details.flows").first
    details.locator("summary").click()
    table = details.locator("table")
    details.get_by_role("button", name="sent").click()
    sent = numbers(column(table, 9))
    assert sent == sorted(sent, reverse=True)
    peer = column(table, 3)[0]
    details.get_by_role("searchbox").fill(f"{peer} tcp")
    left = table.locator("tbody tr:visible")
    assert 0 < left.count() <= len(sent)
    assert all(peer in text and "tcp" in text for text in left.all_inner_texts())
    assert details.locator("output").inner_text() == f"{left.count()} of {len(sent)} flows"
    details.get_by_role("searchbox").fill("")
    assert table.locator("tbody tr:visible").count() == len(sent)


def test_sources_filter_by_word_severity_and_suppression(opened):
    """Row and card go together; a section without any card goes too."""
    page = opened()
    every = page.locator("article.card").count()
    hidden = page.locator("article.card[data-hidden]").count()
    assert hidden == 1
    page.get_by_label("suppressed too").uncheck()
    assert (
        page.locator("article.card:visible").count() == every - 1 == page.locator("#sources tbody tr:visible").count()
    )
    assert not page.get_by_role("heading", name="Suppressed by rules").is_visible()
    assert page.locator("#shown").inner_text() == f"{every - 1} of {every} sources"
    page.get_by_label("suppressed too").check()
    page.get_by_role("searchbox").first.fill("Kim")
    assert page.locator("article.card:visible").count() == 1
    page.get_by_role("searchbox").first.fill("")
    page.get_by_label("Least severity").select_option("critical")
    assert 0 < page.locator("article.card:visible").count() < every
    assert set(page.locator("article.card:visible").evaluate_all("all => all.map(one => one.dataset.rank)")) == {"3"}


def test_commands_are_copied(opened):
    """What is on the clipboard is the rule as a file has it; it says so; without the right it is selected."""
    from playwright.sync_api import expect

    page = opened(permissions=["clipboard-read", "clipboard-write"])
    commands = page.locator("article.card details.commands").first
    commands.locator("summary").click()
    commands.get_by_role("button", name="Copy: Rule").click()
    expect(commands.get_by_role("button", name="Copy: Rule")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith('version: 1\nrules:\n  - id: "known-')
    assert copied == commands.locator("code").first.inner_text()
    assert page.locator("#said").inner_text() == "copied"
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    commands.get_by_role("button", name="Copy: KQL").click()
    expect(commands.get_by_role("button", name="Copy: KQL")).to_have_text("Selected")
    assert page.evaluate("String(getSelection())").startswith('event.module : "netad"')


def test_everything_is_reached_by_keyboard(opened):
    """The first stop skips to the findings; details open by key; what is focused can be seen."""
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the findings"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    stops = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.tagName + '.' + document.activeElement.className"))
    assert {"A.", "BUTTON.", "SUMMARY.", "INPUT.", "SELECT."} <= set(stops)
    commands = page.locator("article.card details.commands").first
    commands.locator("summary").focus()
    page.keyboard.press("Enter")
    assert commands.evaluate("one => one.open")


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_colours_follow_the_system_and_the_switch(opened):
    """Either way round, and print is always on white."""
    light, dark = background(opened(color_scheme="light")), background(opened(color_scheme="dark"))
    assert light != dark
    page = opened(color_scheme="light")
    page.get_by_label("Colours").select_option("dark")
    assert background(page) == dark
    page.emulate_media(media="print")
    assert background(page) == light
    page.emulate_media(media="screen", color_scheme="dark")
    page.get_by_label("Colours").select_option("light")
    assert background(page) == light


def test_motion_is_only_for_those_who_want_it(opened):
    """`prefers-reduced-motion` is kept."""
    style = "getComputedStyle(document.documentElement).scrollBehavior"
    assert opened(reduced_motion="reduce").evaluate(style) == "auto"
    assert opened(reduced_motion="no-preference").evaluate(style) == "smooth"


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_wider_than_the_screen(opened, size):
    """Wide tables scroll in their own box; also with all details open, and on paper."""
    page = opened(size=size)
    page.get_by_role("button", name="Open all details").click()
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) == 0
    assert page.get_by_role("button", name="Close all details").is_visible()
    page.emulate_media(media="print")
    assert not page.get_by_label("Colours").is_visible()


def test_a_page_without_script_has_all_that_is_read(opened):
    """Only what needs the script is not offered."""
    page = opened(java_script_enabled=False)
    assert page.locator("article.card").count() >= 2
    assert page.locator(".strip use").first.is_visible()
    assert page.locator(".needs-script:visible, .copy:visible").count() == 0
    page.locator("article.card details.flows summary").first.click()
    assert page.locator("details.flows td").first.is_visible()


def test_hostile_text_is_only_text(opened):
    """Nothing of it runs, loads or becomes a link."""
    page = opened("hostile")
    page.wait_for_load_state()
    assert page.title() == "netad report"
    assert page.locator("img").count() == 0
    assert EVIL in page.locator(".why").first.inner_text()
    assert page.locator("a[href^='javascript'], a[href^='<']").count() == 0


def test_the_policy_stops_what_would_run_all_the_same(browser, pages):
    """A script or style that somebody adds to the page, or a request, is refused by the browser itself."""
    context = browser.new_context()
    seen = Seen(context)
    page = seen.open(pages["plain"])
    page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = "document.title = 'owned'";
        document.body.append(script);
        document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}));
    }""")
    assert page.title() == "netad report"
    assert len([text for text in seen.said if "Content Security Policy" in text]) == 2
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "size"), [("plain", "wide"), ("plain", "narrow"), ("hostile", "wide"), ("empty", "wide")]
)
def test_axe_finds_nothing(opened, name, size, scheme):
    """The rules of WCAG 2.2 and the good practices that axe-core knows, with all details open; contrast among them."""
    from axe_playwright_python.sync_playwright import Axe

    page = opened(name, size, color_scheme=scheme)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_report_of_nothing_says_so(opened):
    """And offers nothing to filter."""
    page = opened("empty")
    assert page.get_by_text("Nothing anomalous was found.").is_visible()
    assert page.locator("input, button, table, article").count() == 0
