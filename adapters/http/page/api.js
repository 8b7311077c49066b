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
    this.told = problem;
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

const cut = () => new Failure({ title: "The answer was cut", detail: "The connection ended early." }, { lost: true });

function reached(path, options) {
  return fetch(path, options).catch(() => {
    throw new Failure({ title: "The service does not answer", detail: "It may have been stopped." }, { lost: true });
  });
}

/** What a text says, or null where it is no JSON, such as a page of a proxy. */
function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

async function textOf(response) {
  return response.text().catch(() => {
    throw cut();
  });
}

async function once(path, options) {
  const response = await reached(path, options);
  const body = parsed(await textOf(response));
  if (response.ok) return body;
  throw refused(response, path, body);
}

/** Why it was not done, as the service tells it. */
function refused(response, path, body) {
  if (response.status === 401 && path !== SESSION) document.dispatchEvent(new Event("signed-out"));
  const failure = new Failure(body ?? { title: "The service failed", detail: `It answered ${response.status}.`, status: response.status });
  failure.waitMs = Math.min(MAX_WAIT_MS, 1000 * Number(response.headers.get("Retry-After") ?? 1) || 1000);
  return failure;
}

/** The lines of an answer that has an object in each; a fault is one object. */
async function lines(path) {
  const response = await reached(path);
  const text = await textOf(response);
  if (!response.ok) throw refused(response, path, parsed(text));
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
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

/** What a job made, from its first state on. `seen` is told each state that it is in. A job that came to nothing is a Failure, with its `state`. */
async function followed(user, first, seen) {
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

/** Makes pictures: `kind` is generations, edits or upscales. A service that was started anew knows its former jobs no
    longer: there the wish is asked for once more under its key, which gives what was kept, as long as `isWanted`. */
export async function make(user, kind, wish, key, { seen, isWanted }) {
  const ask = async () => {
    const answer = await change(`${userPath(user)}/${kind}`, "POST", key, bodyOf(wish), { Prefer: "respond-async" });
    return answer.state ? () => followed(user, answer, seen) : () => answer;
  };
  const made = await ask();
  try {
    return await made();
  } catch (failure) {
    if (failure.status !== 404 || failure.state) throw failure;
    if (!isWanted()) throw Object.assign(failure, { state: "cancelled" });
    return (await ask())();
  }
}

/** What the job of this id made: that of a wish whose picture to begin with is here no longer. */
export async function goOnWith(user, id, { seen }) {
  return followed(user, await patiently(() => once(jobPath(user, id))), seen);
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
export const price = (wish) => once(`/v1/price?${query(wish)}`);
export const quota = (user) => once(`${userPath(user)}/quota`);
export const cancel = (user, id) => change(jobPath(user, id), "DELETE", newKey());
export const images = (user, wanted) => once(`${userPath(user)}/images?${query(wanted)}`);
export const history = (user, offset, limit, whole) =>
  once(`${userPath(user)}/history?${query({ offset, limit, with: whole ? "changes" : "" })}`);
export const why = (user, position) => once(`${userPath(user)}/why?position=${position}`);
export const details = (user, name) => once(`${userPath(user)}/details/${namePath(name)}`);
export const remove = (user, name, key) => change(imageUrl(user, name), "DELETE", key);
export const removeMany = (user, names, key) => change(`${userPath(user)}/images/deletions`, "POST", key, { names });
export const archive = async (user, names) => {
  const options = { method: "POST", headers: { "Abby-Client": "page", "Content-Type": "application/json" }, body: JSON.stringify({ names }) };
  const path = `${userPath(user)}/images/archives`;
  const response = await reached(path, options);
  if (!response.ok) throw refused(response, path, parsed(await textOf(response)));
  return response.blob().catch(() => {
    throw new Failure({ title: "The zip was cut off", detail: "The connection ended before all of it was here. Try again, or choose fewer pictures at a time." });
  });
};
export const market = {
  points: (user) => once(`${userPath(user)}/points?limit=10`),
  offers: () => once("/v1/market"),
  funds: (user) => once(`${userPath(user)}/funds`),
  claim: (user, key) => change(`${userPath(user)}/points/claim`, "POST", key),
  give: (user, gift, key) => change(`${userPath(user)}/points/gifts`, "POST", key, gift),
  buy: (user, { offer, ...seen }, key) => change(`${userPath(user)}/purchases`, "POST", key, { offer, seen }),
  mark: (user, name, on, key) => change(`${userPath(user)}/favourites/${namePath(name)}`, on ? "PUT" : "DELETE", key),
};
export const asks = {
  last: (user) => once(`${userPath(user)}/asks`),
  ask: (user, asked) => change(`${userPath(user)}/asks`, "POST", newKey(), asked),
  open: () => once("/v1/admin/asks"),
  answer: (ask, answer) => change(`/v1/admin/asks/${encodeURIComponent(ask)}`, "PUT", newKey(), answer),
};
export const admin = {
  policy: () => once("/v1/policy"),
  tiers: () => once("/v1/admin/tiers"),
  report: (by, days, charts) => once(`/v1/admin/report?${query({ by, days, charts })}`),
  users: (wanted) => once(`/v1/users?${query(wanted)}`),
  knows: (user) => once(userPath(user)).then(() => true, (failure) => failure.status !== 404),
  log: () => once("/v1/admin/log"),
  readiness: () =>
    once("/readyz").catch((failure) => {
      if (failure.told?.notes) return failure.told; // it is not ready, and says why
      throw failure;
    }),
  reset: (user, reason) => change(`/v1/admin/users/${encodeURIComponent(user)}/reset`, "POST", newKey(), { reason }),
  ownLimits: (user) => once(`/v1/admin/users/${encodeURIComponent(user)}/limits`),
  limits: (user, own) => change(`/v1/admin/users/${encodeURIComponent(user)}/limits`, "PUT", newKey(), own),
  grants: (user) => once(`/v1/admin/users/${encodeURIComponent(user)}/grants`),
  give: (user, gift) => change(`/v1/admin/users/${encodeURIComponent(user)}/grants`, "POST", newKey(), gift),
  takeAway: (user, grant) => change(`/v1/admin/users/${encodeURIComponent(user)}/grants/${grant}`, "DELETE", newKey()),
  cleanup: (days, dryRun = false) => change("/v1/admin/cleanup", "POST", newKey(), { ...(days === null ? {} : { days }), dry_run: dryRun }),
  changePolicy: (asked) => change("/v1/admin/policy", "PATCH", newKey(), asked),
  policyChanges: () => lines("/v1/events?type=PolicyChanged"),
  live: (after) => new EventSource(`/v1/events/stream?${query({ after })}`),
};
