// What a picture gives to the form: its settings, or itself as the one to begin with.

import { say } from "./said.js";
import { beginWith, without } from "./source.js";
import { fill } from "./wish.js";

const VARY_STRENGTH = 45;
const at = (id) => document.getElementById(id);

/** The picture as the one to begin with, and its words. */
export function vary(name, url, details) {
  fill({ ...details, seed: "" });
  beginWith(name, url);
  at("strength").value = VARY_STRENGTH;
  at("strength").dispatchEvent(new Event("input"));
  at("prompt").focus();
  say("The picture is the one to begin with. Change the words, and make it.");
}

/** Its settings. */
export function reuse(details) {
  without();
  fill(details);
  at("more").open = true;
  at("prompt").focus();
  say("The settings are in the form.");
}
