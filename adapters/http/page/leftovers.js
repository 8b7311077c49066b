// Which temp files go, by whoever runs the service: shown before they do.

import * as api from "./api.js";
import { counted, size, wholeOrNothing } from "./amounts.js";

const MOST_NAMED = 5;
const at = (id) => document.getElementById(id);

let days = null;

function unaskCleanup() {
  at("cleanup-ask").hidden = true;
}

function toGo(found) {
  const { kinds, users, other_users: others } = found.would;
  const whose = users.slice(0, MOST_NAMED).map((one) => `${one.user} (${counted(one.files, "file")}, ${size(one.bytes)})`);
  const more = users.length - whose.length + others;
  if (more) whose.push(counted(more, "other user"));
  const what = kinds.map((one) => `${one.files} ${one.media_type}`).join(", ");
  return `${counted(found.files, "temp file")} would go, ${size(found.freed_bytes)}: ${what}. Of ${whose.join(", ")}. Pictures in galleries stay.`;
}

async function lookAtFiles(event, attempt) {
  event.preventDefault();
  unaskCleanup();
  const found = await attempt(() => {
    days = wholeOrNothing("cleanup-days", "Days are a whole number.");
    return api.admin.cleanup(days, true);
  });
  if (!found) return;
  at("cleanup-said").textContent = found.files ? "" : "No temp file is so old. Nothing would go.";
  if (!found.files) return;
  at("cleanup-text").textContent = toGo(found);
  at("cleanup-ask").hidden = false;
  at("cleanup-no").focus();
}

async function clean(attempt) {
  unaskCleanup();
  const done = await attempt(() => api.admin.cleanup(days));
  if (done) at("cleanup-said").textContent = `${counted(done.files, "file")} removed, ${size(done.freed_bytes)} freed.`;
  at("health-title").focus();
}

/** Listens; `attempt` carries out and complains where the view does. */
export function listenToLeftovers(attempt) {
  at("cleanup").addEventListener("submit", (event) => lookAtFiles(event, attempt));
  at("cleanup").addEventListener("input", unaskCleanup);
  at("cleanup-no").addEventListener("click", () => {
    unaskCleanup();
    at("health-title").focus();
  });
  at("cleanup-yes").addEventListener("click", () => clean(attempt));
}
