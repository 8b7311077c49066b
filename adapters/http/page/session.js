// Who uses the page: asks the service, shows the form to sign in where that is needed, and signs out. What the rest of
// the page may show is marked in the document: data-needs names the scope, and the root tells the scope there is.

import * as api from "./api.js";

const at = (id) => document.getElementById(id);
const SENTENCES = {
  denied: "You did not allow it at Discord, so you are not signed in. Try again, or sign in with a token.",
  expired: "That sign-in was too old, was used before, or began in another browser. Try again.",
  refused: "Discord did not accept this sign-in. Try again; if it happens again, tell who runs this service.",
  unreachable: "Discord does not answer at the moment. Try again in a minute, or sign in with a token.",
  stranger: "You are in no server that this service works for, so there is nothing here for you yet. Make a picture with its bot first.",
  failed: "Signing in with Discord did not work. Try again, or sign in with a token.",
};
let current = null;
let signedIn = () => {};

const may = (answer) => answer.scope !== null;

function complain(sentence) {
  at("token-error").textContent = sentence;
  at("token-error").hidden = !sentence;
  if (sentence) at("token").setAttribute("aria-invalid", "true");
  else at("token").removeAttribute("aria-invalid");
}

function notice(sentence) {
  at("sign-in-notice").textContent = sentence;
  at("sign-in-notice").hidden = !sentence;
}

/** The page shows what this session allows, and whose it is. */
function show(answer) {
  document.documentElement.dataset.scope = answer.scope ?? "none";
  at("sign-in").hidden = may(answer);
  at("columns").hidden = !may(answer);
  at("account").hidden = !answer.signed_in;
  at("account-name").textContent = answer.name ?? "";
  at("account-how").textContent = answer.by === "discord" ? "Signed in with Discord" : "Signed in with a token";
  at("who").hidden = !may(answer) || answer.is_bound;
  at("with-discord").hidden = !answer.ways.includes("discord");
}

function ask(answer, sentence) {
  current = answer;
  show(answer);
  notice(sentence);
  complain("");
  at(sentence ? "sign-in-title" : "token").focus();
}

/** What a sign-in at Discord left in the address, and it is taken out of there. */
function leftByDiscord() {
  const address = new URL(location.href);
  const left = address.searchParams.get("signin");
  if (left === null) return "";
  address.searchParams.delete("signin");
  history.replaceState(null, "", address);
  return SENTENCES[left] ?? (left === "done" ? "" : SENTENCES.failed);
}

async function submit(event) {
  event.preventDefault();
  if (at("sign-in-go").getAttribute("aria-disabled")) return;
  const token = at("token").value.trim();
  if (!token) {
    complain("Paste the token that you were given.");
    at("token").focus();
    return;
  }
  complain("");
  at("sign-in-go").setAttribute("aria-disabled", "true");
  try {
    const answer = await api.signIn(token);
    at("token").value = "";
    took(answer);
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    complain(sentenceOf(failure));
    at("token").focus();
    at("token").select();
  } finally {
    at("sign-in-go").removeAttribute("aria-disabled");
  }
}

function sentenceOf(failure) {
  if (failure.status === 401) return "This token is not known here, was revoked, or has ended. Look whether it was copied whole, or ask who runs this service for a new one.";
  if (failure.status === 400) return "This is no token. One begins with “abby_” and has 48 characters.";
  return failure.message;
}

function took(answer) {
  const former = current;
  current = answer;
  notice("");
  show(answer);
  at("said").textContent = `You are signed in as ${answer.name}.`;
  signedIn(answer, former);
}

async function signOut(everywhere) {
  try {
    await api.signOut(everywhere);
  } catch (failure) {
    if (!(failure instanceof api.Failure)) throw failure;
    if (failure.status !== 401) {
      at("account-error").textContent = failure.lost ? "The service does not answer, so you are still signed in." : failure.message;
      at("account-error").hidden = false;
      return;
    }
  }
  location.assign("/");
}

/** Waits until somebody may use the page, and gives the user whose pictures are shown: the session's own, or the one
    that the address names, where that is allowed. */
export async function whoUses() {
  const answer = await api.session().catch(() => null);
  const left = leftByDiscord();
  if (answer === null) return named();
  current = answer;
  if (may(answer)) show(answer);
  else {
    const entered = new Promise((done) => {
      signedIn = done;
    });
    ask(answer, left);
    await entered;
    at("prompt").focus();
  }
  signedIn = again;
  return current.is_bound ? current.user : named(current.user);
}

const named = (own) => new URLSearchParams(location.search).get("user") || own || "local";

/** Signed in again after the session had ended: the same person goes on, another one begins anew. */
function again(answer, former) {
  if (answer.name !== former.name || answer.by !== former.by || answer.user !== former.user) location.assign("/");
  else document.dispatchEvent(new Event("visibilitychange"));
}

document.addEventListener("signed-out", () => {
  if (current === null) location.reload(); // the service was away when the page asked who it is
  if (current === null || !at("sign-in").hidden) return;
  const former = current;
  ask({ ...former, signed_in: false, scope: null }, "You are signed out here. Sign in to go on: what you typed is kept.");
});
at("sign-in-form").addEventListener("submit", submit);
at("sign-out").addEventListener("click", () => signOut(false));
at("sign-out-everywhere").addEventListener("click", () => signOut(true));
