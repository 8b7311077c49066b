// The figures of the last days: charts over time, and lists and tables of what has names, or is to be read exactly.

import { bars, show, table } from "./charts.js";

const at = (id) => document.getElementById(id);
const MB = 1048576;
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const paid = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const OUTCOMES = {
  moderated: "Moderated",
  failed: "Failed",
  rejected: "Rejected by the provider",
  not_kept: "Made, not kept",
  expired: "Expired",
  cancelled: "Cancelled",
  unknown: "Outcome unknown",
};
const REFUSALS = { refused_daily: "Refused: daily limit", refused_window: "Refused: limits of windows", refused_user: "Refused: own storage", refused_pool: "Refused: storage of all" };

const seconds = (value) => (value === null ? "–" : `${number.format(value)} s`);
const credits = (value) => (value === null ? "–" : paid.format(value));
const largestFirst = (rows) => rows.filter((row) => row.value > 0).sort((one, other) => other.value - one.value);

function showDays({ days, stored, total }) {
  const counts = Object.entries({ kept: "Kept", ...OUTCOMES, ...REFUSALS }).filter(([name]) => name === "kept" || total[name] > 0);
  const sizes = new Map(stored.map((row) => [row.day, `${number.format(row.stored_bytes / MB)} MB`]));
  const rows = days.map((row) => [
    row.day, ...counts.map(([name]) => String(row[name])), sizes.get(row.day) ?? "–",
    seconds(row.median_seconds), seconds(row.p95_seconds), credits(row.credits),
  ]);
  const names = ["Day", ...counts.map(([, label]) => label), "Stored at its end", "Half within", "95 % within", "Credits"];
  table(at("days-table"), names, rows.reverse());
  at("days").hidden = rows.length === 0;
}

/** A report by day, with its charts. */
export async function showFigures(report) {
  const { total } = report;
  const reasons = Object.entries({ ...REFUSALS, ...OUTCOMES }).map(([name, label]) => ({ label, value: total[name] ?? 0 }));
  bars(at("reasons"), largestFirst(reasons));
  showDays(report);
  at("credits-sum").textContent = paid.format(total.credits ?? 0);
  at("credits-none").hidden = Boolean(total.credits);
  at("credits-charts").hidden = !total.credits;
  for (const chart of report.charts) await show(chart);
}
