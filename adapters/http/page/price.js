// What the picture in the form would cost, beside the button. It is asked for while the form changes; no answer says nothing, and
// whoever clicks waits for none.

import * as api from "./api.js";
import { credits, creditsLeft } from "./limits.js";
import { ofWish } from "./source.js";

const PAUSE_MS = 400;
const at = (id) => document.getElementById(id);

let status = null; // the quota as it was last told
let told = null; // the price of what the form says, where it is known
let asked = ""; // what it was asked for
let timer = 0;

function show() {
  const left = status && creditsLeft(status);
  const costs = told?.credits > 0;
  at("go-price").hidden = !costs;
  at("go-price").textContent = costs ? `Costs ${credits(told.credits)}${left ? `; ${left}` : ""}` : "";
}

/** What decides on the price, as the route takes it; null while a size is being written. */
function wished() {
  const size = document.querySelector("input[name=size]:checked").value;
  const sides = size === "own" ? [at("width").value, at("height").value] : size.split("x");
  if (!sides.every((side) => /^[0-9]+$/.test(side.trim()))) return null;
  const [width, height] = sides.map((side) => side.trim());
  return {
    operation: ofWish() ? "image_to_image" : "text_to_image",
    width,
    height,
    count: at("count").value,
    steps: at("steps").value,
    style: at("style").value,
  };
}

async function ask() {
  const wish = wished();
  const wording = JSON.stringify(wish);
  if (wording === asked) return;
  asked = wording;
  const answer = wish && (await api.price(wish).catch(() => null));
  if (wording !== asked) return; // it was asked anew meanwhile
  if (!answer) asked = "";
  told = answer;
  show();
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE_MS);
}

/** What is left, as it was just told; the price is asked for where it was not. */
export function showPrice(quota) {
  status = quota;
  show();
  soon();
}

/** Follows the form. */
export function watchPrice() {
  at("make").addEventListener("input", soon);
  at("make").addEventListener("change", soon);
}
