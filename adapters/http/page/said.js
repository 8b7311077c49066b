// What is said to who hears the page instead of seeing it, what is copied, and how what has appeared comes into sight.

const at = (id) => document.getElementById(id);

export const say = (sentence) => {
  at("said").textContent = sentence;
};

/** Whether nothing is to move by itself. */
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export const bringIntoSight = (id) => at(id).scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });

/** The words of a picture, and its seed where it has one, for another place. */
export async function copyWords(prompt, seed) {
  const text = seed === null || seed === undefined ? prompt : `${prompt} (seed ${seed})`;
  const done = await navigator.clipboard.writeText(text).then(() => true, () => false);
  say(done ? "Copied." : "The browser does not let this page copy. Select the words instead.");
}
