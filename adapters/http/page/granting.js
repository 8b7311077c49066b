// What one user has beyond the limits: managers give it, see what is left, and take it away, which is asked first.

import * as api from "./api.js";
import { endOf, leftOf } from "./limits.js";

const at = (id) => document.getElementById(id);
const MB = 1048576;
const FORMS = { generations: /^[1-9][0-9]*$/, credits: /^[0-9]+(\.[0-9]{1,3})?$/, bytes: /^[0-9]+(\.[0-9]+)?$/ };

let user = null;
let asked = null; // the grant that may be taken away
let attempt = (work) => work();

function unask() {
  asked = null;
  at("grant-ask").hidden = true;
}

function item(grant) {
  const words = `${leftOf(grant)} left, ${endOf(grant)}`;
  const row = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: "Take away" });
  button.setAttribute("aria-label", `Take away: ${words}`);
  button.addEventListener("click", () => {
    asked = grant.grant;
    at("grant-text").textContent = `Take this away from ${user}: ${words}? What was drawn from it stays.`;
    at("grant-ask").hidden = false;
    at("grant-no").focus();
  });
  row.append(`${words} `, button);
  return row;
}

/** What is left of a user's grants. */
export async function showGrants(of) {
  user = of;
  unask();
  const { grants } = await api.admin.grants(of);
  if (of !== user) return;
  const left = grants.filter((grant) => grant.left > 0);
  at("user-grants").replaceChildren(...left.map(item));
  at("user-grants-none").hidden = left.length > 0;
}

function gift() {
  const unit = at("grant-unit").value;
  const amount = at("grant-amount").value.trim();
  if (!FORMS[unit].test(amount) || !Number(amount)) throw new api.Failure({ title: "Not given", detail: "How much? Pictures are whole, credits have at most three decimals." });
  const reason = at("grant-reason").value.trim();
  if (!reason) throw new api.Failure({ title: "Why", detail: "Say why: it stands in the log, and is shown to whoever asks." });
  const end = at("grant-until").value;
  const given = { unit, amount: unit === "bytes" ? Math.round(Number(amount) * MB) : Number(amount), reason };
  return end ? { ...given, expires_at: `${end.slice(0, 16)}:00.000000Z` } : given;
}

async function give(event) {
  event.preventDefault();
  if ((await attempt(() => api.admin.give(user, gift()))) === undefined) return;
  for (const id of ["grant-amount", "grant-until", "grant-reason"]) at(id).value = "";
  await attempt(() => showGrants(user));
  at("grants-title").focus();
}

async function takeAway() {
  const grant = asked;
  unask();
  if (!grant || (await attempt(() => api.admin.takeAway(user, grant))) === undefined) return;
  await attempt(() => showGrants(user));
  at("grants-title").focus();
}

/** Listens; `tried` carries out and complains where the dialog does. */
export function listenToGrants(tried) {
  attempt = tried;
  at("grant-form").addEventListener("submit", give);
  at("grant-yes").addEventListener("click", takeAway);
  at("grant-no").addEventListener("click", () => {
    unask();
    at("grants-title").focus();
  });
}
