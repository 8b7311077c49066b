// Further limits and grants in words, and as rows of the quota: a bar for each limit, with what is left and when it begins anew.

import { STATES, icon, whenItResets } from "./quota.js";

const at = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const mb = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const WHEN = { day: "today", week: "this week", month: "this month" };
const WHOSE = { user: "Your", guild: "One Discord server's", pool: "Everybody's" };
const SOURCES = { manager: "from a manager", earned: "earned", bought: "bought", gifted: "a gift", asked: "asked for" };
const MEGABYTE = 1048576;
const MARKED = { "daily-reached": "user/day/generations", "storage-reached": "user/storage", "pool-reached": "pool/storage" };

const unitOf = (of) => (of.unit === "credits" ? "credits" : "pictures");
const whenOf = (of) => WHEN[of.limit.split("/")[1]];

/** What a limit is called: "Your credits this month". */
export const titleOf = (of) => `${WHOSE[of.limit.split("/")[0]]} ${unitOf(of)} ${whenOf(of)}`;

/** An amount of credits with its noun. */
export const credits = (amount) => `${number.format(amount)} ${amount === 1 ? "credit" : "credits"}`;

/** An amount with its unit: "3 pictures", "2.5 credits", "20 MB". */
export const amountOf = ({ unit, amount }) =>
  unit === "bytes" ? `${mb.format(amount / MEGABYTE)} MB` : unit === "credits" ? credits(amount) : `${number.format(amount)} ${amount === 1 ? "picture" : "pictures"}`;

/** What is left of the limit of credits that has least left: "14.5 of 20 left this month"; empty where credits are not limited. */
export function creditsLeft(status) {
  const limits = status.windows.filter((of) => of.unit === "credits" && of.enforced);
  if (!limits.length) return "";
  const least = limits.reduce((one, other) => (other.remaining < one.remaining ? other : one));
  const whose = least.limit.startsWith("user/") ? "" : " for everybody";
  return `${number.format(least.remaining)} of ${number.format(least.most)} left ${whenOf(least)}${whose}`;
}

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function bar(of) {
  const made = element("div", "bar", element("span"));
  const share = Math.min(100, of.percentage);
  for (const [name, value] of Object.entries({
    role: "meter",
    "aria-label": `${titleOf(of)}, used`,
    "aria-valuemin": 0,
    "aria-valuemax": 100,
    "aria-valuenow": share,
    "aria-valuetext": `${number.format(of.used + of.held)} of ${number.format(of.most)} ${unitOf(of)}, ${of.percentage} percent`,
  })) made.setAttribute(name, value);
  made.firstElementChild.style.width = `${share}%`;
  return made;
}

/** The sentence for a limit that is nearly used up, with its icon; nothing where it is not. */
function marks(status, limit) {
  const reached = status.reached.find((one) => one.limit === limit);
  if (!reached) return [];
  const made = element("p", "reached", icon("#icon-warning"), reached.sentence);
  made.dataset.percent = reached.percent;
  return [made];
}

const namesOf = (names) => (names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0]);
const tiersOf = (names) => `${names.length > 1 ? "tiers" : "tier"} ${namesOf(names)}`;

/** Where a limit is from, where it is not everybody's: " By the tier gold."; empty for everybody's. */
function from(status, limit) {
  const source = status.sources.find((one) => one.limit === limit);
  if (source?.whose === "tier") return `By the ${tiersOf(source.tiers)}.`;
  return source?.whose === "own" ? "Yours alone." : "";
}

function row(status, of) {
  const state = of.remaining > 0 ? of.status : "CRITICAL";
  const word = of.remaining > 0 ? STATES[state].word : "Used up";
  const head = element("div", "meter-head", element("h3", "", titleOf(of)), element("span", "badge", icon(STATES[state].icon), word));
  const left = element("p", "figure", element("strong", "", number.format(of.remaining)), ` of ${number.format(of.most)} ${unitOf(of)} left`);
  const held = of.held > 0 ? `${number.format(of.held)} held for pictures under way. ` : "";
  const tried = of.enforced ? "" : " It is only tried out: nobody is refused by it.";
  const hint = element("p", "hint", `${held}Starts again ${whenItResets(of.resets_at)}.${tried} ${from(status, of.limit)}`.trim());
  const made = element("div", "meter-row", head, left, bar(of), ...marks(status, of.limit), hint);
  made.dataset.state = state;
  return made;
}

/** What is left of a grant: "2.5 credits". */
export function leftOf(grant) {
  if (grant.unit === "credits") return credits(grant.left);
  if (grant.unit === "bytes") return `${mb.format(grant.left / MEGABYTE)} MB of storage`;
  return `${number.format(grant.left)} ${grant.left === 1 ? "picture" : "pictures"}`;
}

/** Until when it is there, and where it came from. */
export const endOf = (grant) =>
  `${grant.ends_at ? `until ${moment.format(new Date(grant.ends_at))}` : "for good"} (${SOURCES[grant.source] ?? grant.source})`;

/** All of it, from the answer of the quota route. */
export function showLimits(status) {
  at("windows").replaceChildren(...status.windows.map((of) => row(status, of)));
  for (const [id, limit] of Object.entries(MARKED)) {
    const whose = from(status, limit);
    at(id).replaceChildren(...marks(status, limit), ...(whose ? [element("p", "hint", whose)] : []));
  }
  at("tiers").textContent = status.tiers.length ? `You are in the ${tiersOf(status.tiers)}.` : "";
  at("tiers").hidden = !status.tiers.length;
  at("grants").hidden = !status.grants.length;
  const byEnd = [...status.grants].sort((one, other) => (one.ends_at ?? "9").localeCompare(other.ends_at ?? "9"));
  at("grants-list").replaceChildren(...byEnd.map((grant) => element("li", "", element("strong", "", leftOf(grant)), `, ${endOf(grant)}`)));
}

/** Why a limit of a window said no, of a refusal as the service told it: a title and a sentence. */
export function refusedBy({ window, limit, used, held }) {
  const [scope] = window.split("/");
  const of = { limit: window, unit: window.split("/")[2] };
  const left = Math.max(0, limit - used - held);
  const shared = scope === "user" ? "" : " All who use this service share them.";
  const under = held > 0 ? ` ${number.format(held)} are held for pictures under way.` : "";
  if (!limit) return { title: "None are allowed", text: `${titleOf(of)}: this limit is 0. Whoever runs this service can raise it.` };
  const title = left > 0 ? `Not enough ${unitOf(of)} left` : `No ${unitOf(of)} left`;
  const what = left > 0 ? `${number.format(left)} of ${number.format(limit)} are left, and this takes more.` : `All ${number.format(limit)} are used.`;
  return { title, text: `${titleOf(of)}: ${what}${under}${shared}` };
}
