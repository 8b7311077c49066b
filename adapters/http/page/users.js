// The users for whoever runs the service: the busiest first, those with some letters in their id, and any one by their id.

import * as api from "./api.js";
import { table } from "./charts.js";
import { openUser } from "./own.js";

const at = (id) => document.getElementById(id);
const PAGE = 25;
const LATER_MS = 250;
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

let shown = [];
let turn = null;
let timer = 0;
let tried = (work) => work();

function userButton(user) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = user;
  button.setAttribute("aria-haspopup", "dialog");
  button.addEventListener("click", () => openUser(user));
  return button;
}

function show(total) {
  const rows = shown.map((one) => [
    userButton(one.user), `${one.daily_used} of ${one.daily_limit}`, `${number.format(one.used_mb)} of ${number.format(one.limit_mb)} MB`,
    String(one.images), one.status,
  ]);
  table(at("users-table"), ["User", "Today", "Storage", "Pictures", "State"], rows);
  at("users-more").hidden = shown.length >= total;
  at("users-count").textContent = total ? `${shown.length} of ${number.format(total)} shown.` : "No user is like that.";
}

async function more() {
  const mine = (turn = {});
  const wanted = { offset: shown.length, limit: PAGE, order: at("users-order").value, search: at("users-search").value.trim().toLowerCase() };
  const page = await tried(() => api.admin.users(wanted));
  if (!page || mine !== turn) return; // something else was asked for meanwhile
  shown.push(...page.users);
  show(page.total);
}

/** The users from the first on. */
export async function usersAnew() {
  shown = [];
  await more();
}

function open(event) {
  event.preventDefault();
  const user = at("users-open-id").value.trim().toLowerCase();
  if (user) openUser(user);
}

/** Listens; `attempt` carries out and complains where the view does. */
export function listenToUsers(attempt) {
  tried = attempt;
  at("users-more").addEventListener("click", more);
  at("users-order").addEventListener("change", usersAnew);
  at("users-search").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(usersAnew, LATER_MS);
  });
  at("users-form").addEventListener("submit", (event) => {
    event.preventDefault();
    usersAnew();
  });
  at("users-open").addEventListener("submit", open);
}
