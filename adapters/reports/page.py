"""A report as one page of HTML: it works without a network, in light and dark, and its charts answer to the pointer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

from adapters.reports.drawing import script
from adapters.reports.looks import DARK, LIGHT
from adapters.reports.pictures import alone
from adapters.reports.querying import NOT_VERIFIED
from adapters.reports.reporting import Report
from adapters.reports.wording import COLUMNS, cell, cells, in_words, key_noted, sums_noted, title, tried_noted

SNIPPET = """
const dark = matchMedia("(prefers-color-scheme: dark)");
const looks = JSON.parse(document.getElementById("told").textContent);
const draw = () => looks[dark.matches ? "dark" : "light"].forEach((chart, number) => vegaEmbed(
  `#chart-${number}`, chart,
  {ast: true, renderer: "svg", actions: {export: true, source: false, compiled: false, editor: false}}));
dark.addEventListener("change", draw);
draw();
"""
STYLE = """
:root { color-scheme: light dark; --ground:#f5f6f9; --card:#ffffff; --words:#1f2430; --faint:#5b6475; --line:#e2e5ec;
  --shade:#8a93a6; --main:#5b3fd4; }
@media (prefers-color-scheme: dark) { :root { --ground:#0f1116; --card:#171a21; --words:#e8eaf0; --faint:#a3abbb;
  --line:#2c313c; --shade:#5b6475; --main:#a592ff; } }
* { box-sizing: border-box; }
body { margin:0; background:var(--ground); color:var(--words);
  font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif; }
main { max-width:1280px; margin:0 auto; padding:32px 20px 48px; }
h1 { font-size:26px; margin:0 0 4px; } h2 { font-size:17px; margin:32px 0 12px; }
p { margin:0; color:var(--faint); } p.note { margin:12px 0; }
p.forecast { margin:12px 0 20px; padding:12px 16px; background:var(--card);
  border:1px solid var(--line); border-left:4px solid var(--main); border-radius:8px; color:var(--words); }
.sums { display:grid; grid-template-columns:repeat(auto-fit,minmax(150px,1fr)); gap:12px; margin:0 0 20px; }
.sums div, .chart { background:var(--card); border:1px solid var(--line); border-radius:10px; padding:14px 16px; }
.sums dt { color:var(--faint); font-size:13px; } .sums dd { margin:2px 0 0; font-size:20px; font-weight:600;
  white-space:nowrap; font-variant-numeric:tabular-nums; }
.charts { display:grid; grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr)); gap:16px; }
.chart { overflow:hidden; min-width:0; }
.chart .vega-embed { width:100%; padding-right:0; }
.vega-embed summary { opacity:.35 !important; }
.rows { overflow-x:auto; border:1px solid var(--line); border-radius:10px; background:
  linear-gradient(to right,var(--card) 24px,transparent 64px) local left/64px 100% no-repeat,
  linear-gradient(to left,var(--card) 24px,transparent 64px) local right/64px 100% no-repeat,
  linear-gradient(to right,var(--shade),transparent) scroll left/14px 100% no-repeat,
  linear-gradient(to left,var(--shade),transparent) scroll right/14px 100% no-repeat, var(--card); }
table { border-collapse:collapse; width:100%; font-size:13px; font-variant-numeric:tabular-nums; }
th,td { padding:7px 8px; text-align:right; white-space:nowrap; border-bottom:1px solid var(--line); }
thead th { white-space:normal; vertical-align:bottom; }
th:first-child,td:first-child { text-align:left; } thead th { color:var(--faint); font-weight:500; }
tfoot td { font-weight:600; border-bottom:0; }
tbody tr:hover { background:color-mix(in srgb,var(--main) 8%,transparent); }
"""
SUMS = ("asked", "made", "kept", "refused", "growth_bytes", "credits", "users")
SUM_NAMES = {"asked": "pictures asked for", "refused": "refused", "growth_bytes": "storage grew by", "users": "people"}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; script-src 'unsafe-inline'"
"""What the page may do: nothing from elsewhere."""


def as_page(told: Report) -> str:
    """The page."""
    heading = escape(title(told))
    holes = "".join(f'<div class="chart" id="chart-{number}"></div>' for number in range(len(alone(told, LIGHT))))
    sums = "".join(
        f"<div><dt>{escape(SUM_NAMES.get(name, name))}</dt><dd>{escape(cell(name, told.total[name]))}</dd></div>"
        for name in SUMS
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{heading}</title><style>{STYLE}</style></head>
<body><main>
<h1>{heading}</h1><p>As of position {told.position:,} of the log. Times are UTC. {escape(NOT_VERIFIED)}</p>
<p class="forecast">{escape(in_words(told.forecast))}</p>
<dl class="sums">{sums}</dl>
{_paragraphs([*sums_noted(told), *tried_noted(told)])}
<div class="charts">{holes}</div>
<h2>By {escape(told.by)}</h2>
<div class="rows"><table>{_table(told)}</table></div>
{_paragraphs(key_noted(told))}
</main>
<script type="application/json" id="told">{_as_data(told)}</script>
<script type="module">{_as_script()}</script>
</body></html>
"""


def _paragraphs(lines: Sequence[str]) -> str:
    return "".join(f'<p class="note">{escape(line)}</p>' for line in lines)


@cache
def _as_script() -> str:
    """All that draws, fit to stand in a page. It is the same in each, and takes seconds to put together."""
    return script(SNIPPET).replace("</script", "<\\/script")


def _as_data(told: Report) -> str:
    """The charts in both looks, fit to stand in a page."""
    looks = {name: list(alone(told, look).values()) for name, look in (("light", LIGHT), ("dark", DARK))}
    return json.dumps(looks).replace("<", "\\u003c").replace("&", "\\u0026")


def _table(told: Report) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in (told.by, *COLUMNS.values()))
    body = "".join(f"<tr>{_row(row['key'], row)}</tr>" for row in told.rows)
    return f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody><tfoot><tr>{_row('all', told.total)}</tr></tfoot>"


def _row(key: str, row: dict[str, Any]) -> str:
    figures = "".join(f"<td>{escape(told)}</td>" for told in cells(row))
    return f"<td>{escape(key)}</td>{figures}"
