// Small charts as SVG: bars with a value each, read aloud as a list. No script of anybody else is run here.

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const whole = new Intl.NumberFormat("en");

/** Upright bars over time: rows of { label, value, title }; `number` writes the largest. */
export function columns(place, rows, number = whole) {
  const [width, height] = [600, 140];
  const most = Math.max(0, ...rows.map((row) => row.value)) || 1;
  const step = width / Math.max(1, rows.length);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", class: "columns-chart", role: "img" });
  picture.setAttribute("aria-label", rows.some((row) => row.value) ? rows.filter((row) => row.value).map((row) => row.title).join("; ") : "Nothing yet");
  rows.forEach((row, index) => {
    const tall = row.value ? Math.max(2, (row.value / most) * height) : 0;
    const bar = svg("rect", { x: index * step + step * 0.12, y: height - tall, width: step * 0.76, height: tall });
    const title = svg("title", {});
    title.textContent = row.title;
    bar.append(title);
    picture.append(bar);
  });
  const feet = document.createElement("p");
  feet.className = "chart-feet hint";
  for (const text of [rows[0]?.label, `most: ${number.format(most)}`, rows.at(-1)?.label]) {
    const foot = document.createElement("span");
    foot.textContent = text ?? "";
    feet.append(foot);
  }
  place.replaceChildren(picture, feet);
}

/** Lying bars by name: rows of { label, value }; `number` writes the values. */
export function bars(place, rows, number = whole) {
  if (rows.length === 0) {
    const none = document.createElement("p");
    none.className = "hint";
    none.textContent = "None.";
    place.replaceChildren(none);
    return;
  }
  const most = Math.max(...rows.map((row) => row.value)) || 1;
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
