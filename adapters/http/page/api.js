// Speaks to the service: JSON in, JSON out, and one kind of error for everything that is not an answer to the question.
// A change carries an Idempotency-Key that belongs to one click, so that a repeat of it makes one picture.

const LOST_TRIES = 3;
const LOST_WAIT_MS = 800;
const RUNNING_TRIES = 120;
const MAX_WAIT_MS = 5000;
const SESSION = "/v1/session";

/** An answer other than the one asked for; `lost` is true where there was no answer at all. */
export class Failure extends Error {
  constructor(problem, { lost = false } = {}) {
    super(problem.detail ?? problem.title);
    this.title = problem.title;
    this.status = problem.status ?? 0;
    this.reason = problem.reason ?? "";
    this.limit = problem.limit ?? 0;
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

/** Repeats with the same key while the answer is lost or the first request still runs, each within a bound. */
async function change(path, method, key, body) {
  const headers = { "Abby-Client": "page", "Idempotency-Key": `"${key}"` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const options = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  let lost = 0;
  for (let tries = 0; tries < RUNNING_TRIES; tries += 1) {
    try {
      return await once(path, options);
    } catch (failure) {
      if (failure.lost && (lost += 1) < LOST_TRIES) await pause(LOST_WAIT_MS * 2 ** lost);
      else if (failure.reason === "REQUEST_RUNNING") await pause(failure.waitMs);
      else throw failure;
    }
  }
  throw new Failure({ title: "It takes too long", detail: "The picture is still being made. Look into your gallery later." });
}

export const session = () => once(SESSION);
export const signIn = (token) =>
  once(SESSION, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) });
export const signOut = (everywhere) => once(everywhere ? "/v1/sessions" : SESSION, { method: "DELETE" });
export const imageUrl = (user, name) => `${userPath(user)}/images/${namePath(name)}`;
export const styles = () => once("/v1/styles");
export const quota = (user) => once(`${userPath(user)}/quota`);
export const images = (user, offset, limit) => once(`${userPath(user)}/images?offset=${offset}&limit=${limit}`);
export const details = (user, name) => once(`${userPath(user)}/details/${namePath(name)}`);
export const generate = (user, wish, key) => change(`${userPath(user)}/generations`, "POST", key, wish);
export const remove = (user, name, key) => change(imageUrl(user, name), "DELETE", key);
