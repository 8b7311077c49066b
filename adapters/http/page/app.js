// The page: takes a wish, shows it being made, the picture or the refusal, and keeps quota and gallery up to date.

import * as api from "./api.js";
import { Gallery } from "./gallery.js";
import { showQuota, whenItResets } from "./quota.js";
import { forget, recall, remember } from "./running.js";
import { whoUses } from "./session.js";
import { readable } from "./words.js";

const USER = /^[a-z0-9_-]{1,64}$/;
const MAX_SEED = 4294967295;
const REFRESH_MS = 60000;
const SOON_MS = 3000; // while a place is held, a picture is being made somewhere: in another tab, or by the bot
const at = (id) => document.getElementById(id);
const user = await whoUses();

let running = null; // the wish under way, or the one whose answer was lost, with its key
let busy = false;
let timer = 0;
let soon = 0;
let lastShot = 0; // width by height of the picture in the frame
let gone = false; // whether its file could not be shown
let shownName = null; // of the kept image in the frame

const say = (sentence) => {
  at("said").textContent = sentence;
};

const gallery = new Gallery({
  user,
  changed: async (sentence, name) => {
    if (shownName === name) forgetPicture();
    await refresh();
    say(sentence);
  },
  reuse,
  failed: (failure) => showFailure(failure),
});

async function refresh() {
  try {
    const [status] = await Promise.all([api.quota(user), gallery.refresh()]);
    showQuota(status);
    at("outage").hidden = true;
    clearTimeout(soon);
    if (status.user.reserved_mb > 0) soon = setTimeout(refreshWhenSeen, SOON_MS);
    if (status.daily.allowed && at("refusal").dataset.reason === "DAILY_LIMIT") at("refusal").hidden = true;
    return status;
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    showFailure(failure);
    return null;
  }
}

function refreshWhenSeen() {
  if (!document.hidden && !busy) refresh();
}

async function offerStyles() {
  if (at("style").options.length > 1) return;
  const answer = await api.styles().catch(() => ({ styles: [], provider: "" }));
  at("sketches").hidden = answer.provider !== "sketch";
  for (const style of answer.styles) at("style").append(new Option(readable(style), style));
}

function complain(field, sentence) {
  at(`${field}-error`).textContent = sentence;
  at(`${field}-error`).hidden = !sentence;
  if (sentence) at(field).setAttribute("aria-invalid", "true");
  else at(field).removeAttribute("aria-invalid");
  return sentence;
}

/** The wish in the form, or null where a field needs another value; the first such field gets the focus. */
function readWish() {
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
  const [width, height] = document.querySelector("input[name=size]:checked").value.split("x").map(Number);
  const wish = { prompt, width, height };
  if (at("style").value) wish.style = at("style").value;
  if (at("negative").value.trim()) wish.negative_prompt = at("negative").value.trim();
  if (seed) wish.seed = Number(seed);
  return wish;
}

function showWorking(wish, started) {
  busy = true;
  at("refusal").hidden = true;
  at("go").setAttribute("aria-disabled", "true");
  at("go-label").textContent = "Making it…";
  at("frame").dataset.state = "working";
  at("frame").setAttribute("aria-busy", "true");
  shape(wish.width / wish.height);
  for (const id of ["empty", "picture", "picture-gone", "caption"]) at(id).hidden = true;
  at("working").hidden = false;
  const tell = () => {
    at("elapsed").textContent = `${Math.round((Date.now() - started) / 1000)} s`;
  };
  tell();
  timer = setInterval(tell, 1000);
  say("Your picture is being made.");
  at("frame").scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
}

/** The frame takes the picture's own shape, so that nothing is left at its sides. */
function shape(ratio) {
  if (ratio) at("canvas").style.setProperty("--shape", ratio);
  else at("canvas").style.removeProperty("--shape");
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function stopWorking() {
  busy = false;
  clearInterval(timer);
  at("go").removeAttribute("aria-disabled");
  at("go-label").textContent = "Make the picture";
  at("frame").removeAttribute("aria-busy");
  at("working").hidden = true;
  const shown = Boolean(at("picture").getAttribute("src"));
  at("frame").dataset.state = shown ? "picture" : "empty";
  at("picture").hidden = !shown || gone;
  at("picture-gone").hidden = !shown || !gone;
  at("caption").hidden = !shown;
  at("empty").hidden = shown;
  shape(shown ? lastShot : 0);
}

/** A picture that was deleted is not shown any longer. */
function forgetPicture() {
  at("picture").removeAttribute("src");
  shownName = null;
  if (!busy) stopWorking();
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

function showPicture(made, wish) {
  const { image, shown, seed, not_kept: notKept } = made.pictures[0];
  gone = false;
  const picture = at("picture");
  if (picture.src.startsWith("blob:")) URL.revokeObjectURL(picture.src);
  picture.src = image
    ? `${image.url}#${image.sha256.slice(0, 16)}`
    : URL.createObjectURL(new Blob([bytesOf(shown.data)], { type: shown.media_type }));
  picture.alt = wish.prompt;
  shownName = image ? image.name : null;
  lastShot = image ? image.width / image.height : wish.width / wish.height;
  at("caption-prompt").textContent = wish.prompt;
  const time = made.seconds > 0 && `${made.seconds.toFixed(1)} s`;
  const facts = [wish.style && readable(wish.style), seed !== null && `seed ${seed}`, time, made.provider];
  at("caption-facts").textContent = facts.filter(Boolean).join(" · ");
  at("caption-note").hidden = !made.note;
  at("caption-note").textContent = made.note;
  at("not-kept").hidden = !notKept;
  at("not-kept").textContent = notKept ? notKept.charAt(0).toUpperCase() + notKept.slice(1) : "";
  return image !== null;
}

function showOutage() {
  at("outage").hidden = false;
  at("outage").scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
}

function showFailure(failure) {
  if (failure.status === 401) return; // the form to sign in says it
  if (failure.lost) {
    showOutage();
    return;
  }
  const daily = failure.reason === "DAILY_LIMIT";
  const quota = daily || failure.reason.endsWith("_STORAGE");
  at("refusal").className = quota ? "notice notice-warn" : "notice notice-bad";
  at("refusal-icon").setAttribute("href", quota ? "#icon-warning" : "#icon-critical");
  at("refusal").dataset.reason = failure.reason;
  at("refusal-title").textContent = daily ? "Daily limit reached" : failure.title;
  at("refusal-text").textContent = daily ? `All ${failure.limit} pictures of today are made.` : failure.message;
  at("refusal-when").hidden = !failure.resetsAt;
  at("refusal-when").textContent = failure.resetsAt ? `You can make the next one ${whenItResets(failure.resetsAt)}.` : "";
  at("refusal-retry").hidden = failure.status < 500 || failure.status === 507;
  at("refusal").hidden = false;
  at("refusal").scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
}

async function make(wish, key, started = Date.now()) {
  running = { wish, key };
  remember(user, { wish, key, started });
  showWorking(wish, started);
  try {
    const made = await api.generate(user, wish, key);
    settle();
    const kept = showPicture(made, wish);
    stopWorking();
    const status = await refresh();
    const left = status ? ` ${status.daily.remaining} of ${status.daily.limit} left today.` : "";
    say(`${kept ? "Your picture is ready and kept." : "Your picture is ready, but it is not kept."}${left}`);
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    if (!failure.lost) settle(); // it was answered: another try is another request
    stopWorking();
    say("");
    showFailure(failure);
    if (!failure.lost) await refresh();
  }
}

function settle() {
  running = null;
  forget(user);
}

/** What was under way before a reload: shown again, and asked for under the same key, which makes no second picture. */
async function resume(styles) {
  const request = recall(user);
  if (!request) return;
  await styles; // the form can name a style only once it is offered
  fill(request.wish);
  await make(request.wish, request.key, request.started);
}

function fill(details) {
  at("prompt").value = details.prompt ?? "";
  at("style").value = details.style ?? "";
  at("negative").value = details.negative_prompt ?? "";
  at("seed").value = details.seed ?? "";
  const size = document.querySelector(`input[name=size][value="${details.width}x${details.height}"]`);
  if (size) size.checked = true;
}

function reuse(details) {
  fill(details);
  at("more").open = true;
  at("prompt").focus();
  say("The settings are in the form.");
}

/** One click, one key. Where the last answer was lost and the wish is the same, its key is used again. */
function submit(event) {
  event?.preventDefault();
  if (busy) return;
  const wish = readWish();
  if (wish === null) return;
  const same = running !== null && JSON.stringify(running.wish) === JSON.stringify(wish);
  make(wish, same ? running.key : api.newKey());
}

at("make").addEventListener("submit", submit);
at("prompt").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
});
at("refusal-retry").addEventListener("click", () => submit());
at("outage-retry").addEventListener("click", async () => {
  at("outage").hidden = true;
  if (!(await refresh())) return;
  await offerStyles();
  if (running) make(running.wish, running.key);
  else at("prompt").focus();
});
at("who-name").textContent = user;
at("who").addEventListener("click", () => {
  at("choose-user").value = user;
  complain("choose-user", "");
  at("chooser").showModal();
  at("choose-user").select();
});
at("choose-cancel").addEventListener("click", () => at("chooser").close());
at("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = at("choose-user").value.trim();
  if (!USER.test(chosen)) {
    complain("choose-user", "A user id has 1 to 64 small letters, digits, “_” or “-”.");
    at("choose-user").focus();
    return;
  }
  location.search = chosen === "local" ? "" : `?user=${encodeURIComponent(chosen)}`;
});

at("picture").addEventListener("error", () => {
  gone = true;
  if (!busy) stopWorking();
});

resume(offerStyles());
refresh();
setInterval(refreshWhenSeen, REFRESH_MS);
document.addEventListener("visibilitychange", refreshWhenSeen);
