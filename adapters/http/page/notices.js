// What went wrong, in the two places where it is told: the service that does not answer, and what it refused.

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
  bringIntoSight("refusal");
}
