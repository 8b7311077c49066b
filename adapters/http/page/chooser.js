// The dialog in which another user is chosen to act for, where the session may.

import { complain } from "./wish.js";

const USER = /^[a-z0-9_-]{1,64}$/;
const at = (id) => document.getElementById(id);

/** Offers it, with the user there is now. */
export function offerUsers(user) {
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
}
