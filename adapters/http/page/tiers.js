// Tiers in words: what each gives, what it allows, how its members stand in the line, and who has it.

import { inGeneral } from "./further.js";

const MB = 1048576;
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });

/** Each further limit of a tier, which the service tells as text: "user/month/credits=20, user/week/generations=9". */
const further = (limits) =>
  limits.split(", ").filter(Boolean).map((one) => {
    const [name, most] = one.split("=");
    return `${number.format(most)} ${inGeneral(name)}`;
  });

const alone = (what, names) => (names === null ? [] : [`${what}: ${names.join(", ") || "none"}`]);

const parts = (tier) => [
  ...(tier.daily === null ? [] : [`${number.format(tier.daily)} pictures a day`]),
  ...(tier.user_bytes === null ? [] : [`${number.format(tier.user_bytes / MB)} MB of storage`]),
  ...further(tier.limits),
  ...alone("providers", tier.providers),
  ...alone("models", tier.models),
  ...alone("operations", tier.operations),
  ...(tier.weight === null ? [] : [`weight ${tier.weight} in the line`]),
  ...(tier.waiting === null ? [] : [`at most ${number.format(tier.waiting)} under way`]),
];

/** A tier as an item of a list. */
export function inWords(tier) {
  const [item, name] = ["li", "strong"].map((kind) => document.createElement(kind));
  name.textContent = tier.tier;
  const given = parts(tier).join("; ") || "the limits of everybody";
  const who = tier.tier === "everybody" ? " Whoever has no other." : tier.groups.length ? ` By ${tier.groups.join(", ")}, or by hand.` : " By hand.";
  item.append(name, `: ${given}.${who}`);
  return item;
}
