// One user as whoever runs the service sees them: what they have used, limits of their own, today's count, their ledger.
// A change of limits begins with those that hold, is shown from what to what, and is refused where they are others by now.

import * as api from "./api.js";
import { FurtherLimits, inWords, namesOf, stepsOf } from "./further.js";
import { listenToGrants, showGrants } from "./granting.js";
import { Lines } from "./lines.js";

const at = (id) => document.getElementById(id);
const MB = 1048576;
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const end = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
const NAMES = { daily: "pictures a day", user_bytes: "storage", windows: "further limits", until: "the end" };
const FIELDS = { daily: "own-daily", user_bytes: "own-mb", until: "own-until" };
const NOTHING = { daily: null, user_bytes: null, windows: {}, until: null };
const WRITTEN = {
  daily: String,
  user_bytes: (bytes) => String(Number((bytes / MB).toFixed(6))),
  until: (moment) => moment.slice(0, 16),
};
const WORDS = {
  daily: (value) => (value === null ? "everybody's" : number.format(value)),
  user_bytes: (value) => (value === null ? "everybody's" : `${Number((value / MB).toFixed(6))} MB`),
  windows: (value) => inWords(value) || "everybody's",
  until: (value) => (value === null ? "never" : `${end.format(new Date(value))} UTC`),
};

const ledger = new Lines({
  list: at("ledger-lines"),
  more: at("ledger-more"),
  empty: at("ledger-empty"),
  failed: (failure) => complain(failure.message),
  whole: true,
});
const further = new FurtherLimits({ list: at("own-further"), add: at("own-add"), names: namesOf(["user"]), canBeTried: false });
let opened = null;
let held = NOTHING;
let shown = null;

function complain(sentence) {
  at("ledger-error").textContent = sentence;
  at("ledger-error").hidden = !sentence;
}

/** Carries out what may fail, and says so in the dialog; undefined where it did. */
async function tried(work) {
  complain("");
  try {
    return await work();
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    complain(failure.message);
    if (failure.reason === "LIMITS_CHANGED") showOwn(await api.admin.ownLimits(opened));
    return undefined;
  }
}

function unask() {
  shown = null;
  at("own-ask").hidden = true;
}

/** What a field says; as it held where nobody wrote into it, for it shows less than is kept. */
function read(name) {
  const text = at(FIELDS[name]).value.trim();
  if (text === (held[name] === null ? "" : WRITTEN[name](held[name]))) return held[name];
  if (text === "") return null;
  if (name === "until") return `${text}:00.000000Z`;
  if (!(name === "daily" ? /^[0-9]+$/ : /^[0-9]+(\.[0-9]+)?$/).test(text)) {
    const detail = "Pictures a day are a whole number and storage is a number of MB, or nothing: as everybody.";
    throw new api.Failure({ title: "Not set", detail });
  }
  return name === "daily" ? Number(text) : Math.round(Number(text) * MB);
}

function reason() {
  const text = at("own-reason").value.trim();
  if (text) return text;
  at("own-reason").focus();
  throw new api.Failure({ title: "Why", detail: "Say why: it stands in the log, and is shown to whoever asks." });
}

const isNone = (own) => own.daily === null && own.user_bytes === null && !Object.keys(own.windows).length;

function wanted() {
  const { windows } = further.read();
  const given = { daily: read("daily"), user_bytes: read("user_bytes"), windows, until: read("until") };
  if (isNone(given)) return NOTHING;
  if (given.until !== null && new Date(given.until) <= new Date()) {
    throw new api.Failure({ title: "Not set", detail: "That end has passed already. Give a time to come, or nothing: for good." });
  }
  return given;
}

async function look(event) {
  event.preventDefault();
  unask();
  at("own-said").textContent = "";
  await tried(() => {
    const given = wanted();
    const changes = Object.keys(NAMES).filter((name) => (name === "windows" ? stepsOf(held.windows, given.windows).length : given[name] !== held[name]));
    if (!changes.length) {
      at("own-said").textContent = "Their limits are so already.";
      return;
    }
    shown = { ...given, was: held, reason: reason() };
    const told = changes.map((name) => `${NAMES[name]} from ${WORDS[name](held[name])} to ${WORDS[name](given[name])}`);
    at("own-text").textContent = `For ${opened}: ${told.join("; ")}.`;
    at("own-ask").hidden = false;
    at("own-no").focus();
  });
}

async function change(work, after) {
  unask();
  if ((await tried(work)) === undefined) return;
  at("own-reason").value = "";
  await refresh();
  at("ledger-title").focus();
  await after();
}

function showOwn(own) {
  held = { daily: own.daily, user_bytes: own.user_bytes, windows: own.windows, until: own.until };
  further.show(own.windows, [], { anew: true });
  for (const [name, id] of Object.entries(FIELDS)) at(id).value = held[name] === null ? "" : WRITTEN[name](held[name]);
  const none = isNone(own);
  const what = none ? "Limits of their own were taken away" : own.in_force ? "Limits of their own, set" : "Limits of their own, over by now, set";
  at("own-set").textContent = own.set ? `${what} ${day.format(new Date(own.set.at))} by ${own.set.by}: ${own.set.reason}` : "They have no limits of their own.";
}

async function refresh() {
  const user = opened;
  await tried(async () => {
    const [status, own, known] = await Promise.all([api.quota(user), api.admin.ownLimits(user), api.admin.knows(user), ledger.show(user), showGrants(user)]);
    if (user !== opened) return;
    at("own-said").textContent = known ? "" : "The log knows nothing of this user yet. Is the id right?";
    showOwn(own);
    at("ledger-status").textContent =
      `${status.daily.used} of ${status.daily.limit} today, ${number.format(status.user.used_mb)} of ${number.format(status.user.limit_mb)} MB, ${status.user.images} pictures.`;
  });
}

/** Opens the dialog about a user. */
export async function openUser(user) {
  opened = user;
  unask();
  held = NOTHING;
  further.show({}, [], { anew: true });
  at("ledger-title").textContent = user;
  for (const id of ["ledger-status", "own-set", "own-said"]) at(id).textContent = "";
  for (const id of [...Object.values(FIELDS), "own-reason"]) at(id).value = "";
  at("ledger").showModal();
  await refresh();
}

/** Listens; `after` shows what a change made elsewhere. */
export function listenToUser(after) {
  listenToGrants(tried);
  at("ledger-close").addEventListener("click", () => at("ledger").close());
  at("own-limits").addEventListener("submit", look);
  at("own-limits").addEventListener("input", unask);
  at("own-no").addEventListener("click", () => {
    unask();
    at("ledger-title").focus();
  });
  at("own-yes").addEventListener("click", () => {
    const asked = shown;
    if (asked) change(() => api.admin.limits(opened, asked), after);
  });
  at("own-reset").addEventListener("click", () => change(() => api.admin.reset(opened, reason()), after));
}
