// Points and the market: what the user has and what became of it, the day's claim, offers and gifts, each asked before it is done.

import * as api from "./api.js";
import { offerFavourites } from "./favourite.js";
import { say } from "./said.js";

const MB = 1048576;
const at = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const UNITS = { generations: ["picture", "pictures"], credits: ["credit", "credits"] };
const FOR_WHAT = {
  mint: () => "given by the managers",
  burn: () => "taken away by the managers",
  gift: (move, comes) => (comes ? `from ${ownerOf(move.payer)}` : `to ${ownerOf(move.payee)}`),
  claim: () => "for the day",
  favourite: () => "somebody marked a picture of yours",
  purchase: (move) => `paid for ${move.offer}`,
};

let user = null;
let asked = null; // what a yes does, and its key
let changed = () => {};

const ownerOf = (account) => account.replace(/^user:/, "");
const priced = (amount, called) => `${number.format(amount)} ${called}`;

/** What an offer gives: "10 pictures for 30 days", "500 MB for good". */
export function offered({ unit, amount, days }) {
  const [one, many] = UNITS[unit] ?? ["MB", "MB"];
  const told = unit === "bytes" ? amount / MB : amount;
  const lasts = days === null ? "for good" : `for ${days} ${days === 1 ? "day" : "days"}`;
  return `${number.format(told)} ${told === 1 ? one : many} ${lasts}`;
}

function complain(sentence) {
  at("market-error").textContent = sentence;
  at("market-error").hidden = !sentence;
}

function unask() {
  asked = null;
  at("market-ask").hidden = true;
}

/** Asks before something is spent. One question is one request: a yes that is repeated does it once. */
function ask(text, yes, act) {
  complain("");
  asked = { act, key: api.newKey() };
  at("market-text").textContent = text;
  at("market-yes").textContent = yes;
  at("market-ask").hidden = false;
  at("market-no").focus();
}

/** Does it and says what came of it; where the answer was lost the question stays, with its key. */
async function carryOut(work) {
  complain("");
  try {
    const sentence = await work();
    unask();
    at("market-said").textContent = sentence;
    say(sentence);
    at("market-summary").focus();
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    if (!failure.lost) unask();
    complain(failure.message);
    if (failure.lost) return;
  }
  await changed();
}

function offerItem(offer, called) {
  const words = `${offered(offer)}: ${priced(offer.price, called)}`;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: "Buy" });
  button.dataset.needs = "write";
  button.setAttribute("aria-label", `Buy ${words}`);
  button.addEventListener("click", () =>
    ask(`Buy ${offered(offer)} for ${priced(offer.price, called)}?`, "Buy it", (key) => api.market.buy(user, offer, key).then((sold) => sold.sentence)),
  );
  const item = document.createElement("li");
  const text = document.createElement("span");
  text.textContent = words;
  item.append(text, button);
  return item;
}

function movement(move) {
  const comes = move.payee === `user:${user}`;
  const why = move.reason ? `: ${move.reason}` : "";
  const item = document.createElement("li");
  item.textContent = `${comes ? "+" : "−"}${number.format(move.amount)} ${FOR_WHAT[move.kind](move, comes)}${why}, ${moment.format(new Date(move.at))}`;
  return item;
}

/** Of an external currency its service is asked, which may take its time. */
async function showFunds(of, market) {
  const outside = market.outside ? `Offers are paid in ${market.called}, which another service keeps.` : "";
  if (!outside || !at("market-outside").textContent) at("market-outside").textContent = outside;
  if (!outside) return;
  const { balance, sentence } = await api.market.funds(of).catch(() => ({ balance: null, sentence: null }));
  at("market-outside").textContent = balance === null ? `${outside} ${sentence ?? ""}`.trim() : `${outside} You have ${priced(balance, market.called)}.`;
}

/** Shows it, where points are in use or something is offered. */
export async function showMarket(of) {
  user = of;
  const [has, market] = await Promise.all([api.market.points(of), api.market.offers()]);
  const isUsed = Boolean(has.balance || has.daily || has.movements.length || market.offers.length);
  at("market").hidden = !isUsed;
  offerFavourites(isUsed);
  if (!isUsed) return;
  at("points-balance").textContent = `${priced(has.balance, has.called)}${has.daily && !has.claimed ? `, ${number.format(has.daily)} to take today` : ""}`;
  at("points-claim").hidden = !has.daily;
  at("points-claim").textContent = has.claimed ? "Taken for today" : `Take today’s ${number.format(has.daily)}`;
  if (has.claimed) at("points-claim").setAttribute("aria-disabled", "true");
  else at("points-claim").removeAttribute("aria-disabled");
  showFunds(of, market);
  const offers = JSON.stringify(market);
  if (at("offers").dataset.shown !== offers) {
    at("offers").replaceChildren(...market.offers.map((offer) => offerItem(offer, market.called))); // else whoever is on a button stays there
    at("offers").dataset.shown = offers;
  }
  at("offers-none").hidden = market.offers.length > 0;
  at("gift-called").textContent = has.called;
  at("points-moves").replaceChildren(...has.movements.map(movement));
  at("points-moves-none").hidden = has.movements.length > 0;
}

function askGift(event) {
  event.preventDefault();
  unask();
  const [to, amount, reason] = ["gift-to", "gift-amount", "gift-reason"].map((id) => at(id).value.trim());
  if (!to || !/^[1-9][0-9]{0,15}$/.test(amount)) {
    complain("Write to whom, and how many: a whole number.");
    at(to ? "gift-amount" : "gift-to").focus();
    return;
  }
  const gift = { to, amount: Number(amount), ...(reason ? { reason } : {}) };
  const words = priced(gift.amount, at("gift-called").textContent);
  ask(`Give ${words} to ${to}? It cannot be taken back.`, "Give it", async (key) => {
    await api.market.give(user, gift, key);
    for (const id of ["gift-to", "gift-amount", "gift-reason"]) at(id).value = "";
    return `${to} was given ${words}.`;
  });
}

/** Listens; `after` shows what a change made elsewhere on the page. */
export function watchMarket(after) {
  changed = after;
  at("gift").addEventListener("submit", askGift);
  at("market-no").addEventListener("click", () => {
    unask();
    at("market-summary").focus();
  });
  at("market-yes").addEventListener("click", () => {
    const question = asked;
    if (question) carryOut(() => question.act(question.key));
  });
  at("points-claim").addEventListener("click", () => {
    if (at("points-claim").getAttribute("aria-disabled")) return;
    carryOut(() => api.market.claim(user, api.newKey()).then(({ moved }) => `${number.format(moved.amount)} for today.`));
  });
}
