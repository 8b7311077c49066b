// Charts of Vega-Lite descriptions, lists of bars, and tables. What draws charts comes from this service, with the first of them.

const SCRIPT = "/v1/admin/charts.js";
const LEGEND_PIXELS = 130;
const whole = new Intl.NumberFormat("en");
const shown = new Map();

// Vega empties the place of a chart by writing a text without anything into it as markup. No other text becomes markup.
globalThis.trustedTypes?.createPolicy("default", { createHTML: (text) => (text === "" ? text : null) });

/** What the pointer is on, in the browser's own way: it follows no other rules than every title of the page. */
function tell(place, value) {
  const lines = Object.entries(value ?? {}).map(([name, one]) => `${name}: ${one}`);
  if (lines.length > 0) place.title = lines.join("\n");
  else place.removeAttribute("title");
}

/** Where a chart is drawn, below its title. */
function framed(place, title) {
  const heading = document.createElement("h4");
  const frame = document.createElement("div");
  heading.textContent = title;
  place.replaceChildren(heading, frame);
  return frame;
}

/** Puts a chart, { name, says, is_empty, description }, into the place of its name: in words where nothing can be drawn. */
export async function show(chart) {
  const place = document.getElementById(`${chart.name}-chart`);
  if (!place || place.clientWidth === 0) return;
  const columns = Math.max(1, Math.floor(place.clientWidth / LEGEND_PIXELS));
  const wanted = JSON.stringify([chart, columns]);
  if (shown.get(place)?.wanted === wanted) return;
  shown.get(place)?.finalize();
  shown.delete(place);
  const finalize = chart.is_empty ? inWords(place, chart) : await drawn(place, chart, columns);
  if (finalize) shown.set(place, { wanted, finalize });
}

/** Takes all charts away: out of sight they would take the width of a place that has none. */
export function takeAway() {
  for (const [place, { finalize }] of shown) {
    finalize();
    place.replaceChildren();
  }
  shown.clear();
}

function inWords(place, { says, description }) {
  const words = framed(place, description.title);
  words.className = "hint";
  words.textContent = says.slice(description.title.length + 2);
  return () => {};
}

/** How to end a chart that is drawn; nothing where it is not, and is to be tried again. */
async function drawn(place, chart, columns) {
  const { title, ...description } = chart.description;
  const config = { ...description.config, legend: { ...description.config.legend, columns } };
  try {
    const { vegaEmbed } = await import(SCRIPT);
    if (place.clientWidth === 0) return null;
    const frame = framed(place, title);
    const { finalize } = await vegaEmbed(frame, { ...description, config }, {
      ast: true, renderer: "svg", actions: false, defaultStyle: false, tooltip: (handler, event, item, value) => tell(frame, value),
    });
    frame.setAttribute("role", "img");
    frame.setAttribute("aria-label", chart.says);
    frame.removeAttribute("aria-roledescription");
    return finalize;
  } catch {
    inWords(place, chart);
    return null;
  }
}

/** Bars by name: rows of { label, value }; `number` writes the values. */
export function bars(place, rows, number = whole) {
  const most = Math.max(0, ...rows.map((row) => row.value)) || 1;
  const list = document.createElement("ul");
  list.className = "bars";
  for (const row of rows) {
    const item = document.createElement("li");
    const name = document.createElement("span");
    const value = document.createElement("strong");
    const meter = document.createElement("span");
    name.textContent = row.label;
    value.textContent = number.format(row.value);
    meter.className = "bars-bar";
    meter.style.width = `${(row.value / most) * 100}%`;
    meter.setAttribute("aria-hidden", "true");
    item.append(name, value, meter);
    list.append(item);
  }
  place.replaceChildren(list);
}

/** A table: names of columns, rows of texts or elements. */
export function table(place, names, rows) {
  const made = document.createElement("table");
  const head = made.createTHead().insertRow();
  for (const name of names) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    head.append(cell);
  }
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const value of row) line.insertCell().append(value);
  }
  place.replaceChildren(made);
}
