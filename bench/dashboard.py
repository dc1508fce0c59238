"""Draw `deploy/dashboard.json` from a shop that sells: a real Prometheus answers each panel.

    python -m bench.dashboard docs/pictures/dashboard.png --minutes 4

Needs `prometheus` and Chromium. What a panel shows is what Grafana would ask for; the drawing is
ours.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2 as httpx
from playwright.sync_api import sync_playwright

from service.admin.keys import add_key
from service.settings import Settings
from service.store import migrate
from service.store.session import Database
from service.store.tables.access import Role
from tests.served import Service, address, await_all, environment, free_port
from tests.shop import CARDS, open_shop
from tests.till import FULL, body

DASHBOARD = Path(__file__).parents[1] / "deploy" / "dashboard.json"
COLOURS = ("#1f5138", "#b5482a", "#2b5fa8", "#8a6d1b", "#6b3f87", "#3d7f86", "#a23b63", "#555555")
WIDTH, HEIGHT, LEFT = 400, 150, 46
_RATE = "[5m]", "[30s]"
"""A run of minutes has no five of them to take a rate over."""


@contextmanager
def serving(settings: Settings, log: Path) -> Iterator[str]:
    """A process that serves, works and plans, and tells what it measures; its address."""
    more = {
        "LARDER_METRICS_PORT": str(settings.metrics_port),
        "LARDER_SERVE_WORKER": "true",
        "LARDER_SERVE_SCHEDULER": "true",
        "LARDER_OUTPUT_FOLDER": str(settings.output_folder),
        "LARDER_RUNS_FOLDER": str(settings.runs_folder),
        "LARDER_ERASURE_LOG": str(settings.erasure_log),
    }
    port = free_port()
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "serve", "--port", str(port)],
            env=environment(settings) | more,
            stdout=out,
            stderr=out,
        )
        try:
            await_all([Service(address(port), process.pid)])
            yield address(port)
        finally:
            process.terminate()
            process.wait(timeout=60)


def sell(at: str, key: str, until: float) -> None:
    """Sales, look-ups, and now and then something that is refused, as tills send them."""
    draw = random.Random(7)
    own = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=at, headers=own, timeout=20) as till:
        number = 0
        while time.time() < until:
            number += 1
            card = draw.choice([*CARDS.values()])
            sent = body(number, presented=[("card", card)], lines=FULL)
            till.post("/v1/quotes", json=sent)
            till.post("/v1/redemptions", json=sent)
            if number % 5 == 0:
                named = {"transaction": sent["transaction"]}
                till.post("/v1/voids", json=named)
            if number % 11 == 0:
                till.post("/v1/redemptions", json={"lines": []})
            time.sleep(draw.expovariate(6 + 5 * (time.time() % 90 > 45)))


def asked(prometheus: str, expr: str, since: float) -> list[dict[str, Any]]:
    """The series of an expression since a moment."""
    parameters = {"query": expr.replace(*_RATE), "start": since, "end": time.time(), "step": 5}
    answer = httpx.get(f"{prometheus}/api/v1/query_range?{urlencode(parameters)}").json()
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


def drawn(panel: dict[str, Any], series: list[dict[str, Any]], since: float) -> str:
    """A panel as SVG, with its highest value and the names of its lines."""
    points = [[(float(at), float(value)) for at, value in each["values"]] for each in series]
    values = [value for line in points for _, value in line if value == value]
    top = max([*values, 0.0]) or 1.0
    span = max(time.time() - since, 1.0)
    lines, names = [], []
    for place, (each, line) in enumerate(zip(series, points, strict=True)):
        colour = COLOURS[place % len(COLOURS)]
        way = " ".join(
            f"{LEFT + (at - since) / span * (WIDTH - LEFT - 8):.1f},"
            f"{HEIGHT - 8 - value / top * (HEIGHT - 24):.1f}"
            for at, value in line
            if value == value
        )
        lines.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.6" points="{way}"/>')
        said = " ".join(str(value) for value in each["metric"].values())
        newest = next((value for _, value in reversed(line) if value == value), 0.0)
        names.append(f'<li style="color:{colour}">{escape(said)} {newest:.4g}</li>')
    body_ = "".join(lines) or f'<text x="{WIDTH / 2}" y="80" class="none">nothing yet</text>'
    unit = panel["fieldConfig"]["defaults"]["unit"]
    return f"""<section><h2>{escape(panel["title"])} <small>{unit}</small></h2>
        <svg width="{WIDTH}" height="{HEIGHT}"><line x1="{LEFT}" x2="{WIDTH - 8}" y1="{HEIGHT - 8}"
        y2="{HEIGHT - 8}" stroke="#999"/><text x="{LEFT - 4}" y="22" class="axis">{top:.3g}</text>
        <text x="{LEFT - 4}" y="{HEIGHT - 6}" class="axis">0</text>{body_}</svg>
        <ul>{"".join(names[:8])}</ul></section>"""


STYLE = f"""body{{font:12px sans-serif;margin:12px;width:{3 * (WIDTH + 26)}px;color:#222}}
    main{{display:grid;grid-template-columns:repeat(3,1fr);gap:10px}}
    section{{border:1px solid #ccc;border-radius:4px;padding:6px 8px}} h1{{font-size:16px}}
    h2{{font-size:12px;margin:0 0 2px}} small{{color:#777;font-weight:normal}}
    ul{{list-style:none;margin:0;padding:0;font-size:10px;columns:2}}
    .none{{fill:#999;text-anchor:middle}}
    .axis{{font-size:10px;fill:#555;text-anchor:end}}"""


def picture(page: str, target: Path) -> None:
    """A page as Chromium draws it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        shown = browser.new_page(viewport={"width": 3 * (WIDTH + 34), "height": 900})
        shown.set_content(page)
        shown.screenshot(path=target, full_page=True)
        browser.close()


def main() -> None:
    """Sell for some minutes, then draw."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target", type=Path)
    parser.add_argument("--minutes", type=float, default=4)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as near:
        folder = Path(near)
        settings = Settings(
            _env_file=None, database_url=f"sqlite:///{folder}/larder.db", secret_key="s" * 40,
            code_key="c" * 40, mail_lead_days=0, output_folder=folder / "batches",
            runs_folder=folder / "runs", erasure_log=folder / "erasures.jsonl",
            metrics_port=free_port(), serve_worker=True, serve_scheduler=True,
        )  # fmt: skip
        database = Database(settings.database_url)
        migrate.upgrade(database)
        open_shop(database, settings, folder)
        key = add_key(database, settings, role=Role.ADMIN)[1]
        database.dispose()
        port = free_port()
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 5s}\nscrape_configs:\n- job_name: larder\n"
            f"  static_configs: [{{targets: ['127.0.0.1:{settings.metrics_port}']}}]\n"
        )
        with serving(settings, folder / "log") as service:
            prometheus = subprocess.Popen(
                ["prometheus", f"--config.file={folder}/prometheus.yml",
                 f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address=127.0.0.1:{port}"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            since = time.time()
            until = since + 60 * given.minutes
            tills = [threading.Thread(target=sell, args=(service, key, until))]
            for each in tills:
                each.start()
            for each in tills:
                each.join()
            panels = json.loads(DASHBOARD.read_text())["panels"]
            sections = [
                drawn(panel, [series for target in panel["targets"]
                              for series in asked(address(port), target["expr"], since)], since)
                for panel in panels
            ]  # fmt: skip
            prometheus.terminate()
            prometheus.wait()
    said = f"Larder: {given.minutes:g} minutes of one till, {datetime.now(UTC):%Y-%m-%d}"
    picture(f"<style>{STYLE}</style><h1>{said}</h1><main>{''.join(sections)}</main>", given.target)
    print(f"{given.target} is written: {sum('polyline' in each for each in sections)} of "
          f"{len(sections)} panels have lines")  # fmt: skip


if __name__ == "__main__":
    main()
