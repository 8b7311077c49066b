// Speaks to the service: JSON in, JSON out, and one kind of error for everything that is not an answer to the question.
// A change carries an Idempotency-Key that belongs to one click, so that a repeat of it makes one picture. Pictures are
// made as jobs: whoever reloads the page sends the same key and finds the same job.

const LOST_TRIES = 3;
const LOST_WAIT_MS = 800;
const RUNNING_TRIES = 120;
const MAX_WAIT_MS = 5000;
const SESSION = "/v1/session";
const JOB_WAIT_SECONDS = 20;
const ENDED = new Set(["done", "refused", "failed", "cancelled"]);

/** An answer other than the one asked for; `lost` is true where there was no answer at all. */
export class Failure extends Error {
  constructor(problem, { lost = false } = {}) {
    super(problem.detail ?? problem.title);
    this.title = problem.title;
    this.status = problem.status ?? 0;
    this.reason = problem.reason ?? "";
    this.limit = problem.limit ?? 0;
    this.used = problem.used ?? 0;
    this.resetsAt = problem.resets_at ?? null;
    this.lost = lost;
  }
}

export const newKey = () =>
  crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const userPath = (user) => `/v1/users/${encodeURIComponent(user)}`;
const namePath = (name) => name.split("/").map(encodeURIComponent).join("/");

async function once(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Failure({ title: "The service does not answer", detail: "It may have been stopped." }, { lost: true });
  }
  const text = await response.text().catch(() => {
    throw new Failure({ title: "The answer was cut", detail: "The connection ended early." }, { lost: true });
  });
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    body = null;
  }
  if (response.ok) return body;
  if (response.status === 401 && path !== SESSION) document.dispatchEvent(new Event("signed-out"));
  const failure = new Failure(body ?? { title: "The service failed", detail: `It answered ${response.status}.`, status: response.status });
  failure.waitMs = Math.min(MAX_WAIT_MS, 1000 * Number(response.headers.get("Retry-After") ?? 1) || 1000);
  throw failure;
}

/** The lines of an answer that has an object in each; a fault is one object. */
async function lines(path) {
  const response = await fetch(path).catch(() => {
    throw new Failure({ title: "The service does not answer", detail: "It may have been stopped." }, { lost: true });
  });
  const told = (await response.text()).split("\n").filter(Boolean);
  if (!response.ok) throw new Failure(JSON.parse(told.join("") || "{}"));
  return told.map((line) => JSON.parse(line));
}

/** Tries again while the answer is lost, or the first request with this key still runs, each within a bound. */
async function patiently(ask) {
  let lost = 0;
  for (let tries = 0; tries < RUNNING_TRIES; tries += 1) {
    try {
      return await ask();
    } catch (failure) {
      if (failure.lost && (lost += 1) < LOST_TRIES) await pause(LOST_WAIT_MS * 2 ** lost);
      else if (failure.reason === "REQUEST_RUNNING") await pause(failure.waitMs);
      else throw failure;
    }
  }
  throw new Failure({ title: "It takes too long", detail: "The picture is still being made. Look into your gallery later." });
}

/** A change, whose body is JSON or a form. */
function change(path, method, key, body, more = {}) {
  const headers = { "Abby-Client": "page", ...more };
  if (key) headers["Idempotency-Key"] = `"${key}"`;
  const isForm = body instanceof FormData;
  if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
  return patiently(() => once(path, { method, headers, body: body === undefined || isForm ? body : JSON.stringify(body) }));
}

/** What a job made. `seen` is told each state that it is in. A job that came to nothing is a Failure, with its `state`. */
export async function followed(user, first, seen) {
  for (let job = first; ; job = await patiently(() => once(`${jobPath(user, first.id)}?wait=${JOB_WAIT_SECONDS}`))) {
    seen(job);
    if (job.state === "done") return job.result;
    if (ENDED.has(job.state)) {
      const failure = new Failure(job.problem ?? { title: "Cancelled", detail: "Nothing was kept." });
      failure.state = job.state;
      throw failure;
    }
  }
}

const jobPath = (user, id) => `${userPath(user)}/jobs/${id}`;

/** The body of a wish: as JSON, or as a form where a picture from this machine goes with it. */
function bodyOf({ file, ...wish }) {
  if (!file) return wish;
  const form = new FormData();
  form.append("image", file);
  for (const [name, value] of Object.entries(wish)) form.append(name, value);
  return form;
}

/** Makes pictures: `kind` is generations, edits or upscales. */
export async function make(user, kind, wish, key, seen) {
  const answer = await change(`${userPath(user)}/${kind}`, "POST", key, bodyOf(wish), { Prefer: "respond-async" });
  return answer.state ? followed(user, answer, seen) : answer;
}

/** The newest job of the user that waits or is made, whoever began it; null where there is none. */
export const unfinished = async (user) =>
  (await once(`${userPath(user)}/jobs`)).jobs.find((job) => !ENDED.has(job.state)) ?? null;

const query = (given) => {
  const known = Object.entries(given).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return new URLSearchParams(known).toString();
};

export const session = () => once(SESSION);
export const signIn = (token) =>
  once(SESSION, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) });
export const signOut = (everywhere) => once(everywhere ? "/v1/sessions" : SESSION, { method: "DELETE" });
export const imageUrl = (user, name) => `${userPath(user)}/images/${namePath(name)}`;
export const styles = () => once("/v1/styles");
export const quota = (user) => once(`${userPath(user)}/quota`);
export const cancel = (user, id) => change(jobPath(user, id), "DELETE", newKey());
export const images = (user, wanted) => once(`${userPath(user)}/images?${query(wanted)}`);
export const history = (user, offset, limit) => once(`${userPath(user)}/history?offset=${offset}&limit=${limit}`);
export const why = (user, position) => once(`${userPath(user)}/why?position=${position}`);
export const details = (user, name) => once(`${userPath(user)}/details/${namePath(name)}`);
export const remove = (user, name, key) => change(imageUrl(user, name), "DELETE", key);
export const removeMany = (user, names, key) => change(`${userPath(user)}/images/deletions`, "POST", key, { names });
export const archive = async (user, names) => {
  const options = { method: "POST", headers: { "Abby-Client": "page", "Content-Type": "application/json" }, body: JSON.stringify({ names }) };
  const response = await fetch(`${userPath(user)}/images/archives`, options);
  if (!response.ok) throw new Failure(await response.json());
  return response.blob();
};
export const admin = {
  policy: () => once("/v1/policy"),
  report: (by, days) => once(`/v1/admin/report?${query({ by, days })}`),
  users: (offset, limit) => once(`/v1/users?offset=${offset}&limit=${limit}`),
  readiness: () => once("/readyz"),
  reset: (user, reason) => change(`/v1/admin/users/${encodeURIComponent(user)}/reset`, "POST", newKey(), { reason }),
  limits: (user, own) => change(`/v1/admin/users/${encodeURIComponent(user)}/limits`, "PUT", newKey(), own),
  cleanup: (days, dryRun = false) => change("/v1/admin/cleanup", "POST", newKey(), { ...(days === null ? {} : { days }), dry_run: dryRun }),
  changePolicy: (asked) => change("/v1/admin/policy", "PATCH", newKey(), asked),
  policyChanges: () => lines("/v1/events?type=PolicyChanged"),
  live: () => new EventSource("/v1/events/stream"),
};
