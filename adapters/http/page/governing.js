// The limits for everybody, changed by whoever runs the service: what changes is shown before it is done.

import * as api from "./api.js";
import { counted, number, size, wholeOrNothing } from "./amounts.js";
import { FurtherLimits, inGeneral, namesOf, stepsOf, triedSteps } from "./further.js";

const at = (id) => document.getElementById(id);
const MB = 1048576;
const CHANGES_SHOWN = 5;
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const NAMES = { daily: "pictures a day", user_bytes: "storage of each user", pool_bytes: "storage of all" };
const FIELDS = { daily: "everybody-daily", user_bytes: "everybody-mb", pool_bytes: "everybody-pool" };
const amount = (name, value) => (name === "daily" ? number.format(value) : size(value));

const further = new FurtherLimits({ list: at("everybody-further"), add: at("everybody-add"), names: namesOf(), canBeTried: true });
let policy = { windows: {}, unenforced: [] }; // as it was last told
let shown = null;

function complain(sentence) {
  at("everybody-error").textContent = sentence;
  at("everybody-error").hidden = !sentence;
}

const steps = (former, limits) => [
  ...Object.keys(NAMES)
    .filter((name) => former[name] !== limits[name])
    .map((name) => `${NAMES[name]} from ${amount(name, former[name])} to ${amount(name, limits[name])}`),
  ...stepsOf(former.windows, limits.windows),
  ...triedSteps(former.unenforced, limits.unenforced),
];

/** The further limits that the rows say, where they are others than those in force. */
function furtherWanted() {
  const { windows, tried: names } = further.read();
  const unenforced = [...policy.unenforced.filter((name) => !namesOf().includes(name)), ...names];
  return {
    ...(stepsOf(policy.windows, windows).length ? { windows } : {}),
    ...(triedSteps(policy.unenforced, unenforced).length ? { unenforced } : {}),
  };
}

const overWindow = (name, count) =>
  name.startsWith("user/") ? counted(count, "user") : name.startsWith("guild/") ? counted(count, "server") : "all together";

function overInWords(over) {
  const parts = [];
  if (over.daily_users) parts.push(`${counted(over.daily_users, "user")} made more today`);
  if (over.storage_users) parts.push(`${counted(over.storage_users, "user")} keep more`);
  if (over.pool_bytes) parts.push(`all together use ${size(over.pool_bytes)} more`);
  for (const [name, count] of Object.entries(over.windows ?? {})) parts.push(`${overWindow(name, count)} used more ${inGeneral(name)}`);
  return parts.length ? `${parts.join(", ")}. Nobody loses anything; who is over a limit is refused the next time.` : "Nobody is over these limits.";
}

function wanted() {
  const sentence = "A limit is a whole number, or nothing: as it is.";
  const given = furtherWanted();
  for (const [name, id] of Object.entries(FIELDS)) {
    const value = wholeOrNothing(id, sentence);
    if (value !== null) given[name] = name === "daily" ? value : value * MB;
  }
  if (!Object.keys(given).length) throw new api.Failure({ title: "Not set", detail: "Write the limits that shall be others; the rest stays as it is." });
  const reason = at("everybody-reason").value.trim();
  if (!reason) throw new api.Failure({ title: "Why", detail: "Say why: it stands in the log, and is shown to whoever asks." });
  return { ...given, reason };
}

async function tried(work) {
  complain("");
  try {
    return await work();
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    complain(failure.message);
    return null;
  }
}

function unask() {
  shown = null;
  at("everybody-ask").hidden = true;
}

async function look(event) {
  event.preventDefault();
  unask();
  const step = await tried(async () => {
    const asked = wanted();
    const told = await api.admin.changePolicy({ ...asked, dry_run: true });
    const was = Object.fromEntries(Object.keys(told.former).filter((name) => name in asked).map((name) => [name, told.former[name]]));
    shown = { ...asked, was };
    return told;
  });
  if (!step) return;
  const changes = steps(step.former, step.limits);
  if (!changes.length) {
    at("everybody-said").textContent = "The limits are so already.";
    return;
  }
  at("everybody-said").textContent = "";
  at("everybody-text").textContent = `For everybody: ${changes.join("; ")}. ${overInWords(step.over)}`;
  at("everybody-ask").hidden = false;
  at("everybody-no").focus();
}

async function change(after) {
  const asked = shown;
  if (!asked) return;
  unask();
  const done = await tried(() => api.admin.changePolicy(asked));
  if (!done) return;
  for (const id of [...Object.values(FIELDS), "everybody-reason"]) at(id).value = "";
  further.show(done.limits.windows, done.limits.unenforced, { anew: true });
  at("everybody-said").textContent = done.changed ? `Changed: ${steps(done.former, done.limits).join("; ")}.` : "The limits were so already.";
  at("everybody-title").focus();
  await after();
}

/** The limits in force: what a field that is left empty means. */
export function showLimits(told) {
  policy = told;
  further.show(policy.windows, policy.unenforced);
  const plain = (bytes) => number.format(bytes / MB).replaceAll(",", "");
  at("everybody-daily").placeholder = policy.daily;
  at("everybody-mb").placeholder = plain(policy.user_bytes);
  at("everybody-pool").placeholder = plain(policy.pool_bytes);
}

/** The limits of a line of the log, whose credits are thousandths. */
function asTold({ data: { limits } }) {
  const windows = Object.entries(limits.windows ?? {}).map(([name, most]) => [name, name.endsWith("credits") ? most / 1000 : most]);
  return { ...limits, windows: Object.fromEntries(windows) };
}

/** The newest changes, from old to new, by whom and why. */
export async function showChanges() {
  const lines = await tried(() => api.admin.policyChanges());
  if (!lines) return;
  const told = lines.map((line, index) => ({ line, changes: index ? steps(asTold(lines[index - 1]), asTold(line)) : [] }));
  const items = told.filter((one) => one.changes.length).slice(-CHANGES_SHOWN).reverse();
  at("everybody-changes").replaceChildren(
    ...items.map(({ line, changes }) => {
      const item = document.createElement("li");
      item.className = "line";
      const why = line.data.reason ?? (line.data.source === "environment" ? "a setting of the service" : line.data.source);
      item.textContent = `${day.format(new Date(line.data.at))}: ${changes.join("; ")}. By ${line.data.by}: ${why}`;
      return item;
    }),
  );
}

/** Listens; `after` shows what a change of limits made. */
export function listen(after) {
  at("everybody").addEventListener("submit", look);
  at("everybody").addEventListener("input", unask);
  at("everybody-no").addEventListener("click", () => {
    unask();
    at("everybody-title").focus();
  });
  at("everybody-yes").addEventListener("click", () => change(after));
}
