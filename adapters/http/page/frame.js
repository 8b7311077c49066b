// The frame: the picture that is being made, then the picture with what it is, or what to do where there is none.

import { bringIntoSight, say } from "./said.js";
import { ofWish } from "./source.js";
import { readable } from "./words.js";

const at = (id) => document.getElementById(id);

let busy = false;
let timer = 0;
let lastShot = 0; // width by height of the picture in the frame
let gone = false; // whether its file could not be shown
let shownName = null; // of the kept image in the frame
let made = null; // what is in the frame, and the wish that it was made from
let jobId = null; // of the job under way

export const isBusy = () => busy;

/** What is in the frame: its name where it is kept, the wish, and the picture's own part of the answer. */
export const inFrame = () => ({ name: shownName, wish: made?.wish, picture: made?.answer.pictures[made.number] });

/** A wish is under way since `started`. */
export function showWorking(wish, started) {
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
  bringIntoSight("frame");
}

/** The place in the line, or how much is done, of a job. */
export function showJob(job) {
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

/** Nothing is under way: the picture, or what to do. */
export function stopWorking() {
  busy = false;
  jobId = null;
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

/** What the button does. */
export const goLabel = () => (ofWish() ? "Make it from that picture" : "Make the picture");

/** A picture that was deleted is not shown any longer. */
export function forgetPicture() {
  at("picture").removeAttribute("src");
  shownName = null;
  if (!busy) stopWorking();
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** One of the pictures of an answer, in the frame; whether it is kept. */
export function showPicture(answer, wish, number = 0) {
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
  at("not-kept").textContent = notKept ? `${notKept.charAt(0).toUpperCase()}${notKept.slice(1).replace(/\.$/, "")}. Download it if you want it.` : "";
  for (const id of ["result-download", "result-full"]) at(id).href = picture.src.split("#")[0];
  at("result-download").download = image ? image.name.split("/").pop() : "picture";
  for (const button of at("result-actions").querySelectorAll("[data-do]")) {
    const needsKept = ["view", "vary", "upscale", "delete"].includes(button.dataset.do);
    const isGone = button.dataset.do === "again" && "strength" in wish && !wish.file && !wish.source; // its picture, by a reload
    button.hidden = (needsKept && !image) || isGone || (["again", "copy"].includes(button.dataset.do) && !wish.prompt);
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

/** `cancel` is called with the id of the job under way; it fails in silence. */
export function watchFrame(cancel) {
  at("cancel").addEventListener("click", async () => {
    if (!jobId) return;
    at("cancel").hidden = true;
    at("working-title").textContent = "Cancelling…";
    await cancel(jobId); // what it came to is told by the job
  });
  at("picture").addEventListener("error", () => {
    gone = true;
    if (!busy) stopWorking();
  });
}
