// The page: takes a wish, shows it being made, the picture or the refusal, and keeps quota and gallery up to date.

import { admin } from "./admin.js";
import * as api from "./api.js";
import { Gallery } from "./gallery.js";
import { Lines } from "./lines.js";
import { showQuota, whenItResets } from "./quota.js";
import { forget, recall, remember } from "./running.js";
import { whoUses } from "./session.js";
import { beginWith, ofWish, watchSource, without } from "./source.js";
import { startViews, watch } from "./views.js";
import { readable } from "./words.js";

const USER = /^[a-z0-9_-]{1,64}$/;
const MAX_SEED = 4294967295;
const [SIDE_MIN, SIDE_MAX, COUNT_MAX] = [64, 2048, 10];
const VARY_STRENGTH = 45;
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
let made = null; // what is in the frame, and the wish that it was made from
let jobId = null; // of the job under way

const say = (sentence) => {
  at("said").textContent = sentence;
};

const gallery = new Gallery({
  user,
  changed: async (sentence, names) => {
    if (names.includes(shownName)) forgetPicture();
    await refresh();
    say(sentence);
  },
  reuse,
  vary: (image, details) => vary(image.name, api.imageUrl(user, image.name), details),
  upscale: (image) => start("upscales", { source: image.name }),
  say,
  failed: (failure) => showFailure(failure),
});

async function refresh() {
  try {
    const [status] = await Promise.all([api.quota(user), gallery.refresh()]);
    showQuota(status);
    at("outage").hidden = true;
    clearTimeout(soon);
    if (status.user.reserved_mb > 0) soon = setTimeout(refreshWhenSeen, SOON_MS);
    if (status.daily.allowed && at("refusal").dataset.until === "reset") at("refusal").hidden = true;
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
  for (const list of ["style", "search-style"]) {
    for (const style of answer.styles) at(list).append(new Option(readable(style), style));
  }
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

function showWorking(wish, started) {
  busy = true;
  at("refusal").hidden = true;
  at("go").setAttribute("aria-disabled", "true");
  at("go-label").textContent = "Making it…";
  at("frame").dataset.state = "working";
  at("frame").setAttribute("aria-busy", "true");
  shape(wish.width ? wish.width / wish.height : lastShot);
  at("cancel").hidden = true;
  at("progress").removeAttribute("value");
  at("working-title").textContent = "Making your picture";
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

/** The place in the line, or how much is done, of a job. */
function showJob(job) {
  jobId = job.id;
  at("cancel").hidden = job.state !== "waiting" && job.state !== "making";
  const waits = job.state === "waiting" && job.queue_position;
  at("working-title").textContent = waits ? `Number ${job.queue_position} in the line` : "Making your picture";
  if (job.fraction === null) at("progress").removeAttribute("value");
  else at("progress").value = Math.round(100 * job.fraction);
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
  at("go-label").textContent = goLabel();
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

const goLabel = () => (ofWish() ? "Make it from that picture" : "Make the picture");

/** A picture that was deleted is not shown any longer. */
function forgetPicture() {
  at("picture").removeAttribute("src");
  shownName = null;
  if (!busy) stopWorking();
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

function showPicture(answer, wish, number = 0) {
  made = { answer, wish, number };
  const { image, shown, seed, not_kept: notKept } = answer.pictures[number];
  gone = false;
  const picture = at("picture");
  if (picture.src.startsWith("blob:")) URL.revokeObjectURL(picture.src);
  picture.src = image
    ? `${image.url}#${image.sha256.slice(0, 16)}`
    : URL.createObjectURL(new Blob([bytesOf(shown.data)], { type: shown.media_type }));
  picture.alt = wish.prompt ?? "The larger picture";
  shownName = image ? image.name : null;
  lastShot = image ? image.width / image.height : wish.width / wish.height;
  at("caption-prompt").textContent = wish.prompt ?? "";
  const time = answer.seconds > 0 && `${answer.seconds.toFixed(1)} s`;
  const facts = [wish.style && readable(wish.style), seed !== null && `seed ${seed}`, time, answer.provider];
  at("caption-facts").textContent = facts.filter(Boolean).join(" · ");
  at("caption-note").hidden = !answer.note;
  at("caption-note").textContent = answer.note;
  at("not-kept").hidden = !notKept;
  at("not-kept").textContent = notKept ? notKept.charAt(0).toUpperCase() + notKept.slice(1) : "";
  at("result-download").href = picture.src.split("#")[0];
  at("result-download").download = image ? image.name.split("/").pop() : "picture";
  for (const button of at("result-actions").querySelectorAll("[data-do]")) {
    const needsKept = ["view", "vary", "upscale", "delete"].includes(button.dataset.do);
    button.hidden = (needsKept && !image) || (["again", "copy"].includes(button.dataset.do) && !wish.prompt);
  }
  showOthers(answer, wish, number);
  return image !== null;
}

/** Where several were made, each can be brought into the frame. */
function showOthers(answer, wish, number) {
  at("made").hidden = answer.pictures.length < 2;
  at("made").replaceChildren(
    ...(answer.pictures.length < 2 ? [] : answer.pictures).map((_, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.textContent = index + 1;
      button.setAttribute("aria-label", `Picture ${index + 1} of ${answer.pictures.length}`);
      button.setAttribute("aria-pressed", index === number);
      button.addEventListener("click", () => {
        showPicture(answer, wish, index);
        stopWorking();
        at("made").children[index].firstElementChild.focus();
      });
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
}

/** What is done with the picture in the frame. */
const acts = {
  view: () => gallery.viewName(shownName),
  again: () => start(made.wish.file || made.wish.source ? "edits" : "generations", { ...made.wish, seed: undefined }),
  vary: () => vary(shownName, api.imageUrl(user, shownName), made.wish),
  upscale: () => start("upscales", { source: shownName }),
  copy: () => copy(made.wish.prompt, made.answer.pictures[made.number].seed),
  delete: () => gallery.viewName(shownName, { toDelete: true }),
};

function vary(name, url, details) {
  fill({ ...details, seed: "" });
  beginWith(name, url);
  at("strength").value = VARY_STRENGTH;
  at("strength").dispatchEvent(new Event("input"));
  at("prompt").focus();
  say("The picture is the one to begin with. Change the words, and make it.");
}

async function copy(prompt, seed) {
  const text = seed === null || seed === undefined ? prompt : `${prompt} (seed ${seed})`;
  const done = await navigator.clipboard.writeText(text).then(() => true, () => false);
  say(done ? "Copied." : "The browser does not let this page copy. Select the words instead.");
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
  const quota = failure.reason === "DAILY_LIMIT" || failure.reason.endsWith("_STORAGE");
  const daily = failure.reason === "DAILY_LIMIT" && failure.limit > 0 && failure.used >= failure.limit;
  at("refusal").className = quota ? "notice notice-warn" : "notice notice-bad";
  at("refusal-icon").setAttribute("href", quota ? "#icon-warning" : "#icon-critical");
  at("refusal").dataset.reason = failure.reason;
  at("refusal").dataset.until = daily ? "reset" : "";
  at("refusal-title").textContent =
    failure.reason !== "DAILY_LIMIT" ? failure.title : daily ? "Daily limit reached" : "More than your daily limit leaves";
  at("refusal-text").textContent = daily ? `All ${failure.limit} pictures of today are made.` : failure.message;
  at("refusal-when").hidden = !(daily && failure.resetsAt);
  at("refusal-when").textContent = daily && failure.resetsAt ? `You can make the next one ${whenItResets(failure.resetsAt)}.` : "";
  at("refusal-retry").hidden = failure.status < 500 || failure.status === 507;
  at("refusal").hidden = false;
  at("refusal").scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
}

async function make(kind, wish, key, started = Date.now()) {
  running = { kind, wish, key };
  if (!wish.file) remember(user, { kind, wish, key, started });
  showWorking(wish, started);
  try {
    const answer = await api.make(user, kind, wish, key, showJob);
    settle();
    const kept = showPicture(answer, wish);
    stopWorking();
    const status = await refresh();
    const left = status ? ` ${status.daily.remaining} of ${status.daily.limit} left today.` : "";
    say(`${kept ? "Your picture is ready and kept." : "Your picture is ready, but it is not kept."}${left}`);
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    if (!failure.lost) settle(); // it was answered: another try is another request
    stopWorking();
    say(failure.state === "cancelled" ? "Cancelled. Nothing was kept." : "");
    if (failure.state !== "cancelled") showFailure(failure);
    if (!failure.lost) await refresh();
  }
}

/** A wish that is not in the form, such as a larger picture. */
function start(kind, wish) {
  if (busy) {
    say("One picture is being made already.");
    return;
  }
  location.hash = "#make-view";
  const known = Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));
  make(kind, known, api.newKey());
}

function settle() {
  running = null;
  jobId = null;
  forget(user);
}

/** What was under way before a reload: shown again, and asked for under the same key, which makes no second picture. */
async function resume(styles) {
  const request = recall(user);
  if (!request) return;
  await styles; // the form can name a style only once it is offered
  if (request.wish.prompt) fill(request.wish);
  await make(request.kind, request.wish, request.key, request.started);
}

function fill(details) {
  at("prompt").value = details.prompt ?? "";
  at("style").value = details.style ?? "";
  at("negative").value = details.negative_prompt ?? "";
  at("seed").value = details.seed ?? "";
  at("count").value = details.count ?? 1;
  const size = document.querySelector(`input[name=size][value="${details.width}x${details.height}"]`);
  if (size) size.checked = true;
  else if (details.width && details.height) {
    document.querySelector("input[name=size][value=own]").checked = true;
    at("width").value = details.width;
    at("height").value = details.height;
  }
  at("own-size").hidden = document.querySelector("input[name=size]:checked").value !== "own";
}

function reuse(details) {
  without();
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
  make(wish.file || wish.source ? "edits" : "generations", wish, same && !wish.file ? running.key : api.newKey());
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
  if (running) make(running.kind, running.wish, running.key);
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
at("cancel").addEventListener("click", async () => {
  if (!jobId) return;
  at("cancel").hidden = true;
  at("working-title").textContent = "Cancelling…";
  await api.cancel(user, jobId).catch(() => null); // what it came to is told by the job
});
at("result-actions").addEventListener("click", (event) => acts[event.target.dataset.do]?.());
watchSource(() => {
  at("go-label").textContent = goLabel();
});
const lines = new Lines({ list: at("history-lines"), more: at("history-more"), empty: at("history-empty") });
watch("history-view", { came: () => lines.show(user).catch((failure) => showFailure(failure)) });
watch("admin-view", admin);
startViews();

at("picture").addEventListener("error", () => {
  gone = true;
  if (!busy) stopWorking();
});

resume(offerStyles());
refresh();
setInterval(refreshWhenSeen, REFRESH_MS);
document.addEventListener("visibilitychange", refreshWhenSeen);
