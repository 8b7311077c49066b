// Amounts in words, and as whoever runs the service writes them.

import * as api from "./api.js";

const MB = 1048576;
export const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
export const size = (bytes) => (bytes && bytes < MB / 10 ? `${Math.ceil(bytes / 1024)} KB` : `${number.format(bytes / MB)} MB`);
export const counted = (count, one) => `${number.format(count)} ${one}${count === 1 ? "" : "s"}`;

/** A whole number in a field, null where there is nothing; a sentence for what is no number is thrown. */
export const wholeOrNothing = (id, sentence) => {
  const text = document.getElementById(id).value.trim();
  if (text === "") return null;
  if (!/^[0-9]+$/.test(text)) throw new api.Failure({ title: "Not set", detail: sentence });
  return Number(text);
};
