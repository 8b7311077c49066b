// The image services of the last weeks: what each made and failed, by kind, and how long it took. What no service was
// asked for, such as saved files and refusals, stands elsewhere; what came to nothing before one delivered is told in words.

import { bars, table } from "./charts.js";

const at = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const paid = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const KINDS = {
  failed: "failed",
  rejected: "prompt refused",
  moderated: "picture filtered",
  expired: "nothing in time",
  unknown: "answer lost",
};
const NOT_DELIVERED = "(nothing delivered)";
const isService = (row) => !row.key.startsWith("(");

function failures(row) {
  const kinds = Object.entries(KINDS).filter(([name]) => row[name] > 0);
  return kinds.map(([name, words]) => `${row[name]} ${words}`).join(", ");
}

/** The table, below it what belongs to no service, and who was paid. */
export function showProviders(report) {
  const seconds = (value) => (value === null ? "–" : `${number.format(value)} s`);
  const rows = report.rows.filter(isService).map((row) => [
    row.key, String(row.made), failures(row) || "0", seconds(row.median_seconds), seconds(row.p95_seconds),
    row.credits === null ? "–" : paid.format(row.credits),
  ]);
  table(at("providers-table"), ["Service", "Made", "Failed", "Half within", "95 % within", "Credits"], rows);
  const lost = failures(report.rows.find((row) => row.key === NOT_DELIVERED) ?? {});
  const none = rows.length ? "" : "No service has made a picture in these days. ";
  at("providers-none").textContent = none + (lost ? `Of no service that is known: ${lost}.` : "");
  const credits = report.rows.filter((row) => row.credits).map((row) => ({ label: row.key, value: row.credits }));
  bars(at("credits-services"), credits.sort((one, other) => other.value - one.value), paid);
}
