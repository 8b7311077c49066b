// What is known of one kept picture, as terms and words, and the wish that would make another one like it.

import { readable } from "./words.js";

const WISHED = ["prompt", "negative_prompt", "style", "width", "height", "steps", "cfg_scale"];
const at = (id) => document.getElementById(id);
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
export const mb = new Intl.NumberFormat("en", { maximumFractionDigits: 2, minimumFractionDigits: 2 });
const OPERATIONS = {
  text_to_image: "Made from text",
  image_to_image: "Made from a picture",
  upscale: "Upscaled",
  adopted: "Brought in",
  unspecified: "Saved",
};

/** The wish for another one by the same words; its seed is left to whoever makes it. */
export const wishOf = (details) =>
  Object.fromEntries(WISHED.filter((name) => details[name] !== undefined && details[name] !== null).map((name) => [name, details[name]]));

/** As a list of terms in the viewer. */
export function showFacts(image, details, generation) {
  const rows = [
    ["Prompt", details?.prompt],
    ["Left out", details?.negative_prompt],
    ["Style", details?.style && readable(details.style)],
    ["Seed", details?.seed],
    ["Steps", details?.steps],
    ["Guidance", details?.cfg_scale],
    ["How", OPERATIONS[image.operation] ?? image.operation],
    ["Size", `${image.width} × ${image.height}, ${mb.format(image.size_bytes / 1048576)} MB`],
    ["Made by", details?.provider === "sketch" ? "an offline sketch" : details?.provider],
    ["Generation", generation?.sentence],
    ["Made", moment.format(new Date(image.at))],
  ];
  at("viewer-facts").replaceChildren(
    ...rows.filter(([, value]) => value !== undefined && value !== null && value !== "").flatMap(([name, value]) => {
      const term = document.createElement("dt");
      const text = document.createElement("dd");
      term.textContent = name;
      text.textContent = value;
      return [term, text];
    }),
  );
}
