// The form in which a picture is wished for: its fields, what they must be, and the settings that come back into it. Its
// picture to begin with is in source.js, its styles are in styles.js.

import { ofWish } from "./source.js";
import { showStyle } from "./styles.js";

const MAX_SEED = 4294967295;
const [SIDE_MIN, SIDE_MAX, COUNT_MAX] = [64, 2048, 10];
const at = (id) => document.getElementById(id);

/** Says below a field what is wrong with it; nothing: it is well. */
export function complain(field, sentence) {
  at(`${field}-error`).textContent = sentence;
  at(`${field}-error`).hidden = !sentence;
  if (sentence) at(field).setAttribute("aria-invalid", "true");
  else at(field).removeAttribute("aria-invalid");
  return sentence;
}

/** The wish in the form, or null where a field needs another value; the first such field gets the focus. */
export function readWish() {
  const prompt = at("prompt").value.trim();
  const seed = at("seed").value.trim();
  const badPrompt = complain("prompt", prompt ? "" : "Write a few words about the picture.");
  const seedFits = seed === "" || (/^[0-9]+$/.test(seed) && Number(seed) <= MAX_SEED);
  const badSeed = complain("seed", seedFits ? "" : `A seed is a whole number up to ${MAX_SEED}.`);
  if (badSeed) at("more").open = true;
  if (badPrompt || badSeed) {
    at(badPrompt ? "prompt" : "seed").focus();
    return null;
  }
  const [width, height] = readSize();
  if (width === null) return null;
  const wish = { prompt, width, height };
  if (at("style").value) wish.style = at("style").value;
  if (at("negative").value.trim()) wish.negative_prompt = at("negative").value.trim();
  if (seed) wish.seed = Number(seed);
  if (at("count").value !== "1") wish.count = Number(at("count").value);
  if (at("steps").value !== at("steps").defaultValue) wish.steps = Number(at("steps").value);
  if (at("guidance").value !== at("guidance").defaultValue) wish.cfg_scale = Number(at("guidance").value);
  return Object.assign(wish, ofWish());
}

/** Both sides in pixels; null where one of the user's own is no side. */
function readSize() {
  const size = document.querySelector("input[name=size]:checked").value;
  if (size !== "own") {
    complain("width", "");
    return size.split("x").map(Number);
  }
  const sides = ["width", "height"].map((id) => at(id).value.trim());
  const fits = sides.every((text) => /^[0-9]+$/.test(text) && Number(text) >= SIDE_MIN && Number(text) <= SIDE_MAX);
  if (complain("width", fits ? "" : `Both sides are whole numbers from ${SIDE_MIN} to ${SIDE_MAX}.`)) {
    at("width").focus();
    return [null, null];
  }
  return sides.map(Number);
}

/** The settings of a picture, in the form. */
export function fill(details) {
  at("prompt").value = details.prompt ?? "";
  at("style").value = details.style ?? "";
  showStyle();
  at("negative").value = details.negative_prompt ?? "";
  at("seed").value = details.seed ?? "";
  at("count").value = details.count ?? 1;
  for (const [id, value] of [["steps", details.steps], ["guidance", details.cfg_scale]]) {
    at(id).value = value ?? at(id).defaultValue;
    at(id).dispatchEvent(new Event("input")); // the figure beside it
  }
  const size = document.querySelector(`input[name=size][value="${details.width}x${details.height}"]`);
  if (size) size.checked = true;
  else if (details.width && details.height) {
    document.querySelector("input[name=size][value=own]").checked = true;
    at("width").value = details.width;
    at("height").value = details.height;
  }
  at("own-size").hidden = document.querySelector("input[name=size]:checked").value !== "own";
}

for (let count = 1; count <= COUNT_MAX; count += 1) at("count").append(new Option(count, count));
for (const id of ["steps", "guidance"]) {
  const tell = () => {
    at(`${id}-value`).textContent = at(id).value;
  };
  at(id).addEventListener("input", tell);
  tell();
}
for (const radio of document.querySelectorAll("input[name=size]")) {
  radio.addEventListener("change", () => {
    at("own-size").hidden = radio.value !== "own";
  });
}
