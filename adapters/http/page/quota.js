// Shows what is left: today's pictures, the user's storage, the pool. Never by colour alone: each state has a word and a shape.

const MAX_PIPS = 20;
export const STATES = {
  OK: { word: "OK", icon: "#icon-ok" },
  WARNING: { word: "Warning", icon: "#icon-warning" },
  CRITICAL: { word: "Critical", icon: "#icon-critical" },
};
const SVG = "http://www.w3.org/2000/svg";
const at = (id) => document.getElementById(id);
const mb = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const clockTime = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY_MS = 86400000;

function dayWord(moment, now) {
  if (moment.toDateString() === now.toDateString()) return "today";
  if (moment.toDateString() === new Date(now.getTime() + DAY_MS).toDateString()) return "tomorrow";
  return `on ${moment.toDateString()}`;
}

/** When the count starts again, in the reader's time and in UTC: "tomorrow at 02:00 your time (00:00 UTC), in 5 h 12 min". */
export function whenItResets(resetsAt, now = new Date()) {
  const moment = new Date(resetsAt);
  const minutes = Math.max(1, Math.ceil((moment - now) / 60000));
  const days = Math.floor(minutes / 1440);
  const left = minutes < 60 ? `${minutes} min` : days > 1 ? `${days} days` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const utc = `${resetsAt.slice(11, 16)} UTC`;
  const time = moment.getTimezoneOffset() === 0 ? utc : `${clockTime.format(moment)} your time (${utc})`;
  return `${dayWord(moment, now)} at ${time}, in ${left}`;
}

/** The icon named by its id, as an element. */
export function icon(href) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", href);
  svg.append(use);
  return svg;
}

function showState(row, badge, state, word = STATES[state].word) {
  at(row).dataset.state = state;
  at(badge).replaceChildren(icon(STATES[state].icon), word);
}

function showDailyState(daily) {
  if (!daily.allowed) showState("daily", "daily-badge", "CRITICAL", "Used up");
  else if (daily.remaining === 1 && daily.limit > 1) showState("daily", "daily-badge", "WARNING", "Last one");
  else showState("daily", "daily-badge", "OK");
}

function showDaily(daily) {
  showDailyState(daily);
  at("daily-left").textContent = daily.remaining;
  at("daily-of").textContent = `of ${daily.limit} ${daily.limit === 1 ? "picture" : "pictures"} left`;
  at("go-left").textContent = `${daily.remaining} of ${daily.limit} left today`;
  at("daily-reset").textContent = `Starts again ${whenItResets(daily.resets_at)}.`;
  const pips = at("daily-pips");
  pips.setAttribute("aria-label", `${daily.remaining} of ${daily.limit} left today`);
  pips.hidden = daily.limit > MAX_PIPS || daily.limit < 1;
  const count = pips.hidden ? 0 : daily.limit;
  pips.replaceChildren(
    ...Array.from({ length: count }, (_, index) => {
      const pip = document.createElement("span");
      pip.className = index < daily.limit - daily.remaining ? "pip pip-used" : "pip";
      return pip;
    }),
  );
}

function showStorage(user) {
  showState("storage", "storage-badge", user.status);
  at("storage-left").textContent = `${mb.format(user.remaining_mb)} MB`;
  at("storage-of").textContent = "left";
  const bar = at("storage-bar");
  bar.setAttribute("aria-valuenow", Math.min(100, user.percentage));
  bar.setAttribute("aria-valuetext", `${mb.format(user.used_mb)} of ${mb.format(user.limit_mb)} megabytes, ${user.percentage} percent`);
  bar.firstElementChild.style.width = `${Math.min(100, user.percentage)}%`;
  const held = user.reserved_mb > 0 ? `, ${mb.format(user.reserved_mb)} MB held` : "";
  at("storage-hint").textContent = `${mb.format(user.used_mb)} of ${mb.format(user.limit_mb)} MB used (${user.percentage}%)${held}`;
}

/** All of it, from the answer of the quota route. */
export function showQuota(status) {
  showDaily(status.daily);
  showStorage(status.user);
  const pool = status.global;
  const state = pool.status === "OK" ? "" : ` ${STATES[pool.status].word}: the server is nearly full.`;
  at("pool").textContent = `Shared by everyone: ${mb.format(pool.used_mb)} of ${mb.format(pool.total_mb)} MB (${pool.percentage}%).${state}`;
  at("position").textContent = status.position;
  at("stale").textContent = status.stale ?? "";
}
