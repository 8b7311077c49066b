// What users ask for beyond their limits, for whoever may answer: approve, deny, or approve another amount.

import * as api from "./api.js";
import { amountOf } from "./limits.js";

const at = (id) => document.getElementById(id);
const MB = 1048576;
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const FORMS = { generations: /^[1-9][0-9]{0,8}$/, credits: /^[0-9]{1,9}(\.[0-9]{1,3})?$/, bytes: /^[0-9]{1,9}(\.[0-9]{1,3})?$/ };

let attempt = (work) => work();

function field(words, value) {
  const input = Object.assign(document.createElement("input"), { type: "text", inputMode: "decimal", maxLength: 12, value });
  const label = document.createElement("label");
  label.append(`${words} `, input);
  return [label, input];
}

function button(words, about, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: words });
  made.setAttribute("aria-label", `${words}: ${about}`);
  made.addEventListener("click", act);
  return made;
}

const unitOf = (ask) => (ask.unit === "bytes" ? "MB" : ask.unit === "credits" ? "credits" : "pictures");

/** What is approved, as it is written in a row; another amount, and days, where they are there. */
function approval(ask, amount, days) {
  const written = amount.value.trim();
  if (!FORMS[ask.unit].test(written) || !Number(written)) throw new api.Failure({ title: "Not answered", detail: `How many ${unitOf(ask)}? Write a number.` });
  const answer = { answer: "approved", amount: ask.unit === "bytes" ? Math.round(Number(written) * MB) : Number(written) };
  const lasts = days.value.trim();
  if (lasts && !/^[1-9][0-9]{0,4}$/.test(lasts)) throw new api.Failure({ title: "Not answered", detail: "For how many days? Write a whole number, or nothing for good." });
  return lasts ? { ...answer, days: Number(lasts) } : answer;
}

function row(ask) {
  const about = `${amountOf(ask)} for ${ask.user}`;
  const item = document.createElement("li");
  const why = ask.reason ? ` “${ask.reason}”` : "";
  const told = document.createElement("p");
  told.textContent = `${ask.user} asks for ${amountOf(ask)} beyond ${ask.limit}, since ${moment.format(new Date(ask.asked_at))}.${why}`;
  const [amountLabel, amount] = field(`Give ${unitOf(ask)}`, String(ask.unit === "bytes" ? Math.ceil((10 * ask.amount) / MB) / 10 : ask.amount));
  const [daysLabel, days] = field("Days (empty: for good)", "");
  const answered = (told) => attempt(() => api.asks.answer(ask.ask, told())).then(showAsks);
  const line = document.createElement("div");
  line.className = "line-form";
  line.append(
    amountLabel,
    daysLabel,
    button("Approve", about, () => answered(() => approval(ask, amount, days))),
    button("Deny", about, () => answered(() => ({ answer: "denied" }))),
  );
  item.append(told, line);
  return item;
}

/** What waits for an answer; what is being written in a row stays while the same requests wait. */
export async function showAsks() {
  const { asks } = await api.asks.open();
  const list = at("asks-list");
  const waiting = asks.map((ask) => ask.ask).join(" ");
  at("asks-none").hidden = asks.length > 0;
  if (list.dataset.waiting === waiting) return;
  const hadFocus = list.contains(document.activeElement);
  list.dataset.waiting = waiting;
  list.replaceChildren(...asks.map(row));
  if (hadFocus) at("asks-title").focus();
}

/** `tried` carries out and complains where the view does. */
export function listenToAsks(tried) {
  attempt = tried;
}
