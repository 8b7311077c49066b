// What went wrong, in the two places where it is told: the service that does not answer, and what it refused.

import { offerMore } from "./asking.js";
import { refusedBy } from "./limits.js";
import { whenItResets } from "./quota.js";
import { bringIntoSight } from "./said.js";

const at = (id) => document.getElementById(id);

function showOutage() {
  if (!at("outage").hidden) return; // and so it is said once
  at("outage").hidden = false;
  bringIntoSight("outage");
}

/** Why it was not done: at the top where nothing was answered, else above the frame. */
export function showFailure(failure) {
  if (failure.status === 401) return; // the form to sign in says it
  if (failure.lost) {
    showOutage();
    return;
  }
  const window = failure.reason === "WINDOW_LIMIT" && refusedBy(failure.told);
  const quota = failure.reason.endsWith("_LIMIT") || failure.reason.endsWith("_STORAGE");
  const daily = failure.reason === "DAILY_LIMIT" && failure.limit > 0 && failure.used >= failure.limit;
  at("refusal").className = quota ? "notice notice-warn" : "notice notice-bad";
  at("refusal-icon").setAttribute("href", quota ? "#icon-warning" : "#icon-critical");
  at("refusal").dataset.reason = failure.reason;
  at("refusal").dataset.until = daily ? "reset" : "";
  const ofDay = daily ? "Daily limit reached" : "More than your daily limit leaves";
  at("refusal-title").textContent = failure.reason === "DAILY_LIMIT" ? ofDay : window ? window.title : failure.title;
  at("refusal-text").textContent = daily ? `All ${failure.limit} pictures of today are made.` : window ? window.text : failure.message;
  const waits = failure.resetsAt && (daily || (window && failure.limit > 0));
  at("refusal-when").hidden = !waits;
  at("refusal-when").textContent = !waits ? "" : `${daily ? "You can make the next one" : "They start again"} ${whenItResets(failure.resetsAt)}.`;
  at("refusal-retry").hidden = failure.status < 500 || failure.status === 507;
  at("refusal").hidden = false;
  offerMore(failure);
  bringIntoSight("refusal");
}
