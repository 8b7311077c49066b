// What whoever runs the service looks at: storage and its forecast, the service's health, figures, users, what happens.

import * as api from "./api.js";
import { bars, columns } from "./charts.js";
import { showCredits } from "./credits.js";
import { listen, showChanges, showLimits } from "./governing.js";
import { showLog } from "./log.js";
import { listenToUser } from "./own.js";
import { showProviders } from "./providers.js";
import { icon, STATES } from "./quota.js";
import { listenToUsers, usersAnew } from "./users.js";

const at = (id) => document.getElementById(id);
const FEED_LINES = 100;
const DAYS = 30;
const REFRESH_MS = 60000;
const MB = 1048576;
const DAY_MS = 86400000;
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const REASONS = {
  refused_daily: "Refused: the day's limit",
  refused_user: "Refused: own storage full",
  refused_pool: "Refused: storage of all full",
  failed: "Failed",
  rejected: "Prompt refused by the service",
  moderated: "Picture filtered",
  not_kept: "Made, not kept",
  expired: "Nothing came in time",
  cancelled: "Cancelled",
  unknown: "Answer lost",
};

let feed = null;
let timer = 0;

function complain(id, sentence) {
  at(id).textContent = sentence;
  at(id).hidden = !sentence;
}

async function tried(work) {
  try {
    complain("admin-error", "");
    return await work();
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    complain("admin-error", failure.message);
    return null;
  }
}

function showHealth(ready) {
  const state = ready.status === "ready" ? "OK" : ready.status === "degraded" ? "WARNING" : "CRITICAL";
  at("health-title").parentElement.dataset.state = state;
  at("health-state").replaceChildren(icon(STATES[state].icon), ready.status);
  at("health-notes").replaceChildren(
    ...ready.notes.map((note) => {
      const item = document.createElement("li");
      item.textContent = note;
      return item;
    }),
  );
  at("health-log").textContent = ready.last_cleanup ? `Temp files were last removed ${new Date(ready.last_cleanup).toLocaleString()}.` : "";
}

function showPolicy(policy) {
  const size = (bytes) => `${number.format(bytes / MB)} MB`;
  at("limits-now").textContent =
    `Everybody's limits: ${policy.daily} pictures a day, ${size(policy.user_bytes)} each, ${size(policy.pool_bytes)} together.`;
  showLimits(policy);
  at("cleanup-days").placeholder = policy.temp_days;
}

const lastDays = () => Array.from({ length: DAYS }, (_, index) => new Date(Date.now() - (DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10));

function showReport(report) {
  const { forecast, total } = report;
  const used = forecast.used_bytes / MB;
  const pool = (forecast.pool_bytes ?? 0) / MB;
  const percent = pool ? Math.min(100, (100 * used) / pool) : 0;
  at("pool-used").textContent = `${number.format(used)} MB`;
  at("pool-of").textContent = `of ${number.format(pool)} MB used`;
  at("pool-bar").setAttribute("aria-valuenow", Math.round(percent));
  at("pool-bar").firstElementChild.style.width = `${percent}%`;
  at("pool-title").parentElement.dataset.state = percent > 95 ? "CRITICAL" : percent > 80 ? "WARNING" : "OK";
  at("pool-forecast").textContent = forecast.sentence;
  const kept = new Map(report.days.map((day) => [day.day, Math.max(day.made, day.kept)]));
  columns(at("days-chart"), lastDays().map((day) => ({ label: day, value: kept.get(day) ?? 0, title: `${day}: ${kept.get(day) ?? 0}` })));
  const reasons = Object.entries(REASONS).map(([name, label]) => ({ label, value: total[name] ?? 0 }));
  bars(at("refusals-chart"), reasons.filter((row) => row.value > 0).sort((one, other) => other.value - one.value));
}

function follow() {
  feed = api.admin.live();
  feed.addEventListener("open", () => {
    at("feed-state").textContent = "Live.";
  });
  feed.addEventListener("error", () => {
    at("feed-state").textContent = "The connection is gone; it is tried again.";
  });
  for (const type of TYPES) feed.addEventListener(type, take);
}

const TYPES = [
  "PolicyChanged", "GenerationReserved", "GenerationCompleted", "GenerationReleased", "ImageSaved", "ImageDeleted", "CleanupCompleted",
  "RequestRefused", "LimitsOverridden", "DailyCountReset", "PreferenceSet", "ClockCorrected",
];

function take(message) {
  const line = JSON.parse(message.data);
  const item = document.createElement("li");
  item.className = "line";
  const told = [line.type, line.data.user, line.data.name ?? line.data.reason ?? line.data.operation, line.data.by].filter(Boolean);
  item.textContent = `${clock.format(new Date(line.data.at))}  ${line.pos}  ${told.join(" · ")}`;
  at("feed").prepend(item);
  if (line.type === "PolicyChanged") showChanges();
  while (at("feed").children.length > FEED_LINES) at("feed").lastElementChild.remove();
}

async function refresh() {
  await tried(async () => {
    const [ready, policy, log] = await Promise.all([api.admin.readiness(), api.admin.policy(), api.admin.log()]);
    showHealth(ready);
    showLog(at("log-notes"), log);
    showPolicy(policy);
    const byDay = await api.admin.report("day", DAYS);
    showReport(byDay);
    const byProvider = await api.admin.report("provider", DAYS);
    showProviders(byProvider);
    showCredits(byDay, byProvider, lastDays());
  });
}

listenToUsers(tried);
listenToUser(usersAnew);
listen(tried, async () => {
  await refresh();
  await usersAnew();
});

/** The view, for `views.js`. */
export const admin = {
  came() {
    refresh();
    showChanges();
    usersAnew();
    if (!feed) follow();
    timer = setInterval(() => !document.hidden && refresh(), REFRESH_MS);
  },
  left() {
    clearInterval(timer);
    feed?.close();
    feed = null;
  },
};
