// Asking for more beneath a refusal by a limit of one's own: how many and why; what was answered stands there too.

import * as api from "./api.js";
import { amountOf } from "./limits.js";
import { say } from "./said.js";

const at = (id) => document.getElementById(id);
const MB = 1048576;
const OWN = { DAILY_LIMIT: "user/day/generations", USER_STORAGE: "user/storage" };
const FORMS = { generations: /^[1-9][0-9]{0,8}$/, credits: /^[0-9]{1,9}(\.[0-9]{1,3})?$/, bytes: /^[0-9]{1,9}(\.[0-9]{1,3})?$/ };
const WORDS = { generations: "pictures", credits: "credits", bytes: "MB of storage" };

let user = null;
let limit = null; // beyond which it is asked
let waiting = null; // the request that has no answer yet, as this page knows

const unitOf = (name) => (name === "user/storage" ? "bytes" : name.split("/")[2]);

function tell(sentence) {
  at("more-said").textContent = sentence;
  at("more-said").hidden = !sentence;
}

function complain(sentence) {
  at("more-error").textContent = sentence;
  at("more-error").hidden = !sentence;
}

/** Offers to ask for more, where a limit of the user's own refused: a grant lifts no other. */
export function offerMore(failure) {
  const named = failure.reason === "WINDOW_LIMIT" ? failure.told.window : OWN[failure.reason];
  limit = named?.startsWith("user/") ? named : null;
  complain("");
  at("ask-more").hidden = !limit || Boolean(waiting);
  if (!limit) return;
  at("more-unit").textContent = WORDS[unitOf(limit)];
  at("more-amount").value = unitOf(limit) === "generations" ? "1" : "";
}

function showAnswer(ask) {
  if (ask?.state === "open") {
    waiting = ask.ask;
    tell(`You asked for ${amountOf(ask)} more. The answer is shown here.`);
    at("ask-more").hidden = true;
    return;
  }
  if (!waiting || ask?.ask !== waiting) return;
  waiting = null;
  const said = ask.why ? ` They wrote: ${ask.why}` : "";
  if (ask.state === "approved") tell(`Approved: ${amountOf({ ...ask, amount: ask.given })} more.${said}`);
  else tell(ask.state === "denied" ? `Your request was denied.${said}` : `Your request is ${ask.state}.`);
  say(at("more-said").textContent);
}

/** Looks whether an open request was answered. What goes wrong is told by whatever else is asked. */
export async function seeAnswer() {
  const told = waiting && (await api.asks.last(user).catch(() => null));
  if (told) showAnswer(told.ask);
}

async function ask(event) {
  event.preventDefault();
  const unit = unitOf(limit);
  const amount = at("more-amount").value.trim();
  if (!FORMS[unit].test(amount) || !Number(amount)) {
    complain(`How many ${WORDS[unit]}? Write a number.`);
    return;
  }
  const asked = { limit, amount: unit === "bytes" ? Math.round(Number(amount) * MB) : Number(amount) };
  const reason = at("more-reason").value.trim();
  try {
    complain("");
    await api.asks.ask(user, reason ? { ...asked, reason } : asked);
    at("more-reason").value = "";
    showAnswer((await api.asks.last(user)).ask);
    say(at("more-said").textContent);
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    complain(failure.message);
  }
}

/** Listens, for this user; a request of before is shown while it is open. */
export function listenToMore(of) {
  user = of;
  at("ask-more").addEventListener("submit", ask);
  api.asks.last(user).then(({ ask: last }) => showAnswer(last), () => null);
}
