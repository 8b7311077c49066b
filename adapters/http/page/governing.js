// What whoever runs the service changes for everybody: the limits, and which temp files go. Each is shown before it is done.

import * as api from "./api.js";

const at = (id) => document.getElementById(id);
const MB = 1048576;
const CHANGES_SHOWN = 5;
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const size = (bytes) => (bytes && bytes < MB / 10 ? `${Math.ceil(bytes / 1024)} KB` : `${number.format(bytes / MB)} MB`);
const counted = (count, one) => `${number.format(count)} ${one}${count === 1 ? "" : "s"}`;
const NAMES = { daily: "pictures a day", user_bytes: "storage of each user", pool_bytes: "storage of all" };
const FIELDS = { daily: "everybody-daily", user_bytes: "everybody-mb", pool_bytes: "everybody-pool" };
const amount = (name, value) => (name === "daily" ? number.format(value) : size(value));

let shown = null;

function complain(sentence) {
  at("everybody-error").textContent = sentence;
  at("everybody-error").hidden = !sentence;
}

/** A whole number in a field, null where there is nothing; a sentence for what is no number is thrown. */
const wholeOrNothing = (id, sentence) => {
  const text = at(id).value.trim();
  if (text === "") return null;
  if (!/^[0-9]+$/.test(text)) throw new api.Failure({ title: "Not set", detail: sentence });
  return Number(text);
};

const steps = (former, limits) =>
  Object.keys(NAMES)
    .filter((name) => former[name] !== limits[name])
    .map((name) => `${NAMES[name]} from ${amount(name, former[name])} to ${amount(name, limits[name])}`);

function overInWords(over) {
  const parts = [];
  if (over.daily_users) parts.push(`${counted(over.daily_users, "user")} made more today`);
  if (over.storage_users) parts.push(`${counted(over.storage_users, "user")} keep more`);
  if (over.pool_bytes) parts.push(`all together use ${size(over.pool_bytes)} more`);
  return parts.length ? `${parts.join(", ")}. Nobody loses anything; who is over a limit is refused the next time.` : "Nobody is over these limits.";
}

function wanted() {
  const sentence = "A limit is a whole number, or nothing: as it is.";
  const given = {};
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
    const was = Object.fromEntries(Object.keys(FIELDS).filter((name) => name in asked).map((name) => [name, told.former[name]]));
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
  at("everybody-said").textContent = done.changed ? `Changed: ${steps(done.former, done.limits).join("; ")}.` : "The limits were so already.";
  at("everybody-title").focus();
  await after();
}

/** The limits in force: what a field that is left empty means. */
export function showLimits(policy) {
  const plain = (bytes) => number.format(bytes / MB).replaceAll(",", "");
  at("everybody-daily").placeholder = policy.daily;
  at("everybody-mb").placeholder = plain(policy.user_bytes);
  at("everybody-pool").placeholder = plain(policy.pool_bytes);
}

/** The newest changes, from old to new, by whom and why. */
export async function showChanges() {
  const lines = await tried(() => api.admin.policyChanges());
  if (!lines) return;
  const told = lines.map((line, index) => ({ line, changes: index ? steps(lines[index - 1].data.limits, line.data.limits) : [] }));
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

// -- temp files ---------------------------------------------------------------------------------------

let days = null;

function unaskCleanup() {
  at("cleanup-ask").hidden = true;
}

function toGo(found) {
  const { kinds, users, other_users: others } = found.would;
  const whose = users.slice(0, CHANGES_SHOWN).map((one) => `${one.user} (${counted(one.files, "file")}, ${size(one.bytes)})`);
  const more = users.length - whose.length + others;
  if (more) whose.push(counted(more, "other user"));
  const what = kinds.map((one) => `${one.files} ${one.media_type}`).join(", ");
  return `${counted(found.files, "temp file")} would go, ${size(found.freed_bytes)}: ${what}. Of ${whose.join(", ")}. Pictures in galleries stay.`;
}

async function lookAtFiles(event, attempt) {
  event.preventDefault();
  unaskCleanup();
  const found = await attempt(() => {
    days = wholeOrNothing("cleanup-days", "Days are a whole number.");
    return api.admin.cleanup(days, true);
  });
  if (!found) return;
  at("cleanup-said").textContent = found.files ? "" : "No temp file is so old. Nothing would go.";
  if (!found.files) return;
  at("cleanup-text").textContent = toGo(found);
  at("cleanup-ask").hidden = false;
  at("cleanup-no").focus();
}

async function clean(attempt) {
  unaskCleanup();
  const done = await attempt(() => api.admin.cleanup(days));
  if (done) at("cleanup-said").textContent = `${counted(done.files, "file")} removed, ${size(done.freed_bytes)} freed.`;
  at("health-title").focus();
}

/** Listens; `attempt` carries out and complains where the view does, `after` shows what a change of limits made. */
export function listen(attempt, after) {
  at("everybody").addEventListener("submit", look);
  at("everybody").addEventListener("input", unask);
  at("everybody-no").addEventListener("click", () => {
    unask();
    at("everybody-title").focus();
  });
  at("everybody-yes").addEventListener("click", () => change(after));
  at("cleanup").addEventListener("submit", (event) => lookAtFiles(event, attempt));
  at("cleanup").addEventListener("input", unaskCleanup);
  at("cleanup-no").addEventListener("click", () => {
    unaskCleanup();
    at("health-title").focus();
  });
  at("cleanup-yes").addEventListener("click", () => clean(attempt));
}
