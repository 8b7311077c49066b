// The page: takes a wish, shows it being made, the picture or the refusal, and keeps quota and gallery up to date.

import { admin } from "./admin.js";
import * as api from "./api.js";
import { listenToMore, seeAnswer } from "./asking.js";
import { offerUsers } from "./chooser.js";
import { forgetPicture, goLabel, inFrame, isBusy, showJob, showPicture, showWorking, stopWorking, watchFrame } from "./frame.js";
import { wishOf } from "./facts.js";
import { Gallery } from "./gallery.js";
import { Lines } from "./lines.js";
import { showLimits } from "./limits.js";
import { showMarket, watchMarket } from "./market.js";
import { showFailure } from "./notices.js";
import { showPrice, watchPrice } from "./price.js";
import { showQuota } from "./quota.js";
import { reuse, vary } from "./reusing.js";
import { forget, recall, remember } from "./running.js";
import { copyWords, say } from "./said.js";
import { whoUses } from "./session.js";
import { watchSource } from "./source.js";
import { offerStyles } from "./styles.js";
import { isShown, startViews, watch } from "./views.js";
import { fill, readWish } from "./wish.js";

const REFRESH_MS = 60000;
const SOON_MS = 3000; // while a place is held, a picture is being made somewhere: in another tab, or by the bot
const AWAY_MS = 5000;
const at = (id) => document.getElementById(id);
const user = await whoUses();

let running = null; // the wish under way, or the one whose answer was lost, with its key
let isWanted = true; // whether it was not cancelled
let uncancelled = null; // the job whose cancellation was lost
let soon = 0;

const gallery = new Gallery({
  user,
  changed: async (sentence, names) => {
    if (names.includes(inFrame().name)) forgetPicture();
    gallery.without(names);
    await refresh();
    say(sentence);
  },
  reuse,
  again: (details) => start("generations", wishOf(details)),
  vary: (image, details) => vary(image.name, api.imageUrl(user, image.name), details),
  upscale: (image) => start("upscales", { source: image.name }),
  say,
  failed: told,
});

async function refresh() {
  try {
    const others = Promise.all([gallery.refresh(), showMarket(user)]);
    others.catch(() => {}); // told below, once the figures stand
    const status = await api.quota(user);
    showQuota(status);
    showLimits(status);
    showPrice(status);
    await others;
    seeAnswer();
    at("outage").hidden = true;
    clearTimeout(soon);
    if (status.user.reserved_mb > 0) soon = setTimeout(refreshWhenSeen, SOON_MS);
    if (status.daily.allowed && at("refusal").dataset.until === "reset") at("refusal").hidden = true;
    return status;
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    told(failure);
    return null;
  }
}

/** A service that is away is looked for again soon. */
function told(failure) {
  showFailure(failure);
  if (!failure.lost) return;
  clearTimeout(soon);
  soon = setTimeout(refreshWhenSeen, AWAY_MS);
}

function refreshWhenSeen() {
  if (document.hidden || isBusy()) return;
  if (at("outage").hidden) refresh();
  else goOn();
}

/** Once the service is there again: the wish whose answer was lost is asked for under its key. */
async function goOn() {
  if (!(await refresh())) return false;
  await offerStyles();
  if (uncancelled) {
    const job = uncancelled;
    uncancelled = null;
    await api.cancel(user, job).catch(() => null); // it may have ended by now
    await refresh();
  }
  if (running && !isBusy()) make(running.kind, running.wish, running.key);
  else followOther();
  return true;
}

/** What is done with the picture in the frame. */
const acts = {
  view: ({ name }) => gallery.viewName(name),
  again: ({ wish }) => start(wish.file || wish.source ? "edits" : "generations", { ...wish, seed: undefined }),
  vary: ({ name, wish }) => vary(name, api.imageUrl(user, name), wish),
  upscale: ({ name }) => start("upscales", { source: name }),
  copy: ({ wish, picture }) => copyWords(wish.prompt, picture.seed),
  delete: ({ name }) => gallery.viewName(name, { toDelete: true }),
};

/** `job`: the one that makes it already, where the wish itself cannot be sent again. */
async function make(kind, wish, key, { started = Date.now(), job = null } = {}) {
  running = { kind, wish, key };
  isWanted = true;
  const kept = (id) => remember(user, { kind, wish: { ...wish, file: undefined }, key, started, job: id });
  if (!wish.file && !job) kept();
  const seen = (state) => {
    if (wish.file || job) kept(state.id);
    showJob(state);
  };
  const asking = () => (job ? api.goOnWith(user, job, { seen }) : api.make(user, kind, wish, key, { seen, isWanted: () => isWanted }));
  await shownWhile(wish, started, async () => ({ answer: await asking(), wish }), job);
}

/** Shows how far `asking` is, then what it comes to: the answer, and the wish that it was made from. */
async function shownWhile(asked, started, asking, job) {
  showWorking(asked, started);
  try {
    const { answer, wish } = await asking();
    settle();
    const isKept = showPicture(answer, wish);
    stopWorking();
    const status = await refresh();
    const left = status ? ` ${status.daily.remaining} of ${status.daily.limit} left today.` : "";
    say(`${isKept ? "Your picture is ready and kept." : "Your picture is ready, but it is not kept."}${left}`);
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    await failed(failure, job);
  }
  if (isShown("history-view")) await lines.show(user);
}

/** What another tab began, or this one with a file before it was loaded anew, is followed like one's own. */
async function followOther() {
  if (document.hidden || isBusy() || running) return;
  const job = await api.unfinished(user).catch(() => null);
  if (!job || isBusy() || running) return;
  const asked = job.prompt ? { prompt: job.prompt } : {};
  isWanted = true;
  await shownWhile(asked, Date.parse(job.asked_at), async () => {
    const answer = await api.goOnWith(user, job.id, { seen: showJob });
    const name = answer.pictures[0]?.image?.name;
    const found = name && (await api.details(user, name).catch(() => null));
    return { answer, wish: { ...asked, ...wishOf(found?.details ?? {}) } };
  }, job.id);
}

/** A wish came to nothing, or its answer was lost. What was cancelled meanwhile is asked for no more. */
async function failed(failure, job) {
  const isForgotten = Boolean(job) && failure.status === 404 && !failure.state; // what it made is in the gallery
  const isCancelled = failure.state === "cancelled";
  if (!failure.lost || !isWanted || job) settle(); // else it was not answered, and the same one is asked for again
  stopWorking();
  say(isCancelled ? "Cancelled. Nothing was kept." : isWanted ? "" : "It is not asked for again.");
  if (!isCancelled && !isForgotten) told(failure);
  if (!failure.lost) await refresh();
}

/** A wish that is not in the form, such as a larger picture. */
function start(kind, wish) {
  if (isBusy()) {
    say("One picture is being made already.");
    return;
  }
  location.hash = "#make-view";
  const known = Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));
  make(kind, known, api.newKey());
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
  if (request.wish.prompt) fill(request.wish);
  await make(request.kind, request.wish, request.key, request);
}

/** One click, one key. Where the last answer was lost and the wish is the same, its key is used again. */
function submit(event) {
  event?.preventDefault();
  if (isBusy()) return;
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
  if ((await goOn()) && !isBusy()) at("prompt").focus();
});
at("result-actions").addEventListener("click", (event) => acts[event.target.dataset.do]?.(inFrame()));
watchFrame(async (job) => {
  isWanted = false;
  await api.cancel(user, job).catch((failure) => {
    if (failure.lost) uncancelled = job;
  });
});
offerUsers(user);
listenToMore(user);
watchPrice();
watchMarket(refresh);
watchSource(() => {
  at("go-label").textContent = goLabel();
  at("make").dispatchEvent(new Event("change")); // and with it what it costs
});
const lines = new Lines({ list: at("history-lines"), more: at("history-more"), empty: at("history-empty"), failed: told });
watch("history-view", { came: () => lines.show(user) });
watch("admin-view", admin);
startViews();

resume(offerStyles()).then(followOther);
refresh();
setInterval(refreshWhenSeen, REFRESH_MS);
document.addEventListener("visibilitychange", () => {
  refreshWhenSeen();
  followOther();
});
