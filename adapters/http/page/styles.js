// The styles: by their names in two lists, and by a small picture of each in a dialog. Without the pictures the names stay.

import * as api from "./api.js";
import { readable } from "./words.js";

const at = (id) => document.getElementById(id);
const NONE = "No particular style";

/** The example of a style: its place in the strip of all, or nothing. */
function picture(place, of) {
  const made = document.createElement("span");
  made.className = place < 0 ? "style-picture style-none" : "style-picture";
  made.style.setProperty("--place", place);
  made.style.setProperty("--of", of);
  made.setAttribute("aria-hidden", "true");
  return made;
}

const known = () => [...at("style").options].slice(1).map((option) => option.value);

/** The picture beside the list is that of the style that is chosen. */
export function showStyle() {
  const styles = known();
  at("style-by-picture").replaceChildren(picture(styles.indexOf(at("style").value), styles.length));
}

function choose(style) {
  at("style").value = style;
  showStyle();
  at("styles").close();
}

function card(style, place, of) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "style-card";
  button.setAttribute("aria-pressed", at("style").value === style);
  button.append(picture(place, of), style ? readable(style) : NONE);
  button.addEventListener("click", () => choose(style));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

function open() {
  const styles = known();
  at("styles-list").replaceChildren(card("", -1, styles.length), ...styles.map((style, place) => card(style, place, styles.length)));
  at("styles").showModal();
  at("styles-list").querySelector("[aria-pressed=true]").focus();
}

/** Offers those that the service has, once. */
export async function offerStyles() {
  if (at("style").options.length > 1) return;
  const answer = await api.styles().catch(() => ({ styles: [], provider: "" }));
  at("sketches").hidden = answer.provider !== "sketch";
  for (const list of ["style", "search-style"]) {
    for (const style of answer.styles) at(list).append(new Option(readable(style), style));
  }
  at("style-by-picture").hidden = answer.styles.length === 0;
  showStyle();
}

at("style").addEventListener("change", showStyle);
at("style-by-picture").addEventListener("click", open);
at("styles-close").addEventListener("click", () => at("styles").close());
at("styles").addEventListener("click", (event) => event.target === at("styles") && at("styles").close());
