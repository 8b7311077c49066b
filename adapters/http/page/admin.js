// What whoever runs the service looks at: storage and its forecast, the service's health, figures, users, what happens.

import * as api from "./api.js";
import { listenToAsks, showAsks } from "./answering.js";
import { takeAway } from "./charts.js";
import { showFigures } from "./figures.js";
import { listen, showChanges, showLimits } from "./governing.js";
import { listenToLeftovers } from "./leftovers.js";
import { showLog } from "./log.js";
import { listenToUser } from "./own.js";
import { showProviders } from "./providers.js";
import { icon, STATES } from "./quota.js";
import { inWords } from "./tiers.js";
import { listenToUsers, usersAnew } from "./users.js";

const at = (id) => document.getElementById(id);
const FEED_LINES = 100;
const DAYS = 30;
const REFRESH_MS = 60000;
const FOLLOW_MS = 5000;
const MB = 1048576;
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const dark = matchMedia("(prefers-color-scheme: dark)");

let feed = null;
let seen = null; // the position up to which the feed has told everything
let following = 0;
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
    ...(ready.notes ?? ready.kinds).map((note) => {
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

function showTiers({ tiers }) {
  at("every-tier").replaceChildren(...tiers.map(inWords));
  at("no-tier").hidden = tiers.length > 0;
}

function showPool(forecast) {
  const used = forecast.used_bytes / MB;
  const pool = (forecast.pool_bytes ?? 0) / MB;
  const percent = pool ? Math.min(100, (100 * used) / pool) : 0;
  at("pool-used").textContent = `${number.format(used)} MB`;
  at("pool-of").textContent = `of ${number.format(pool)} MB used`;
  at("pool-bar").setAttribute("aria-valuenow", Math.round(percent));
  at("pool-bar").firstElementChild.style.width = `${percent}%`;
  at("pool-title").parentElement.dataset.state = percent > 95 ? "CRITICAL" : percent > 80 ? "WARNING" : "OK";
  at("pool-forecast").textContent = forecast.sentence;
}

function follow() {
  feed = api.admin.live(seen);
  feed.addEventListener("open", () => {
    at("feed-state").textContent = "Live.";
  });
  feed.addEventListener("error", () => {
    at("feed-state").textContent = "The connection is gone; it is tried again.";
    if (feed.readyState === EventSource.CLOSED) following = setTimeout(follow, FOLLOW_MS); // it was refused, such as by a full service
  });
  for (const type of TYPES) feed.addEventListener(type, take);
}

const TYPES = [
  "PolicyChanged", "GenerationReserved", "GenerationCompleted", "GenerationReleased", "ImageSaved", "ImageDeleted", "CleanupCompleted",
  "RequestRefused", "LimitsOverridden", "DailyCountReset", "PreferenceSet", "ClockCorrected",
  "TierDefined", "TierAssigned", "TierUnassigned", "GroupsSeen", "MoreAsked", "AskAnswered",
];

function take(message) {
  const line = JSON.parse(message.data);
  seen = line.pos;
  const item = document.createElement("li");
  item.className = "line";
  const told = [line.type, line.data.user, line.data.name ?? line.data.reason ?? line.data.operation, line.data.by].filter(Boolean);
  item.textContent = `${clock.format(new Date(line.data.at))}  ${line.pos}  ${told.join(" · ")}`;
  at("feed").prepend(item);
  if (line.type === "PolicyChanged") showChanges();
  if (line.type === "MoreAsked" || line.type === "AskAnswered") tried(showAsks);
  while (at("feed").children.length > FEED_LINES) at("feed").lastElementChild.remove();
}

async function refresh() {
  await tried(async () => {
    showHealth(await api.admin.readiness());
    showPolicy(await api.admin.policy());
    showTiers(await api.admin.tiers());
    await showAsks();
    showLog(at("log-notes"), await api.admin.log());
    const byDay = await api.admin.report("day", DAYS, dark.matches ? "dark" : "light");
    showPool(byDay.forecast);
    const drawing = showFigures(byDay);
    showProviders(await api.admin.report("provider", DAYS));
    await drawing;
  });
}

listenToUsers(tried);
listenToAsks(tried);
listenToUser(usersAnew);
listenToLeftovers(tried);
listen(async () => {
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
    dark.addEventListener("change", refresh);
    timer = setInterval(() => !document.hidden && refresh(), REFRESH_MS);
  },
  left() {
    dark.removeEventListener("change", refresh);
    clearInterval(timer);
    takeAway();
    clearTimeout(following);
    feed?.close();
    feed = seen = null;
  },
};
