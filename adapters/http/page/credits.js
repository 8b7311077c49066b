// What was paid in credits: each day, and to whom. From reports that the admin view has read anyway.

import { bars, columns } from "./charts.js";

const at = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** `byDay` and `byProvider` are reports, `days` the days that are told of, oldest first. */
export function showCredits(byDay, byProvider, days) {
  const paid = byDay.total.credits ?? 0;
  at("credits-sum").textContent = number.format(paid);
  at("credits-none").hidden = paid > 0;
  at("credits-charts").hidden = paid === 0;
  if (paid === 0) return;
  const known = new Map(byDay.days.map((day) => [day.day, day.credits ?? 0]));
  const rows = days.map((day) => ({ label: day, value: known.get(day) ?? 0 }));
  columns(at("credits-chart"), rows.map((row) => ({ ...row, title: `${row.label}: ${number.format(row.value)} credits` })), number);
  const services = byProvider.rows.filter((row) => row.credits).map((row) => ({ label: row.key, value: row.credits }));
  bars(at("credits-services"), services.sort((one, other) => other.value - one.value), number);
}
