// Remembers the wish under way for this tab, so that a reload shows it again: its key asks for the same picture.

const OLDEST_MS = 15 * 60000; // as long as a place is held
const nameOf = (user) => `abby.running.${user}`;

/** A browser that keeps nothing (a private window, a setting) loses the wish with the reload, and nothing else. */
function kept(act) {
  try {
    return act(sessionStorage);
  } catch {
    return null;
  }
}

export const remember = (user, request) => kept((storage) => storage.setItem(nameOf(user), JSON.stringify(request)));
export const forget = (user) => kept((storage) => storage.removeItem(nameOf(user)));

/** The wish, its key and when it began, or null where none is under way or it is too old to be asked for unasked. */
export function recall(user, now = Date.now()) {
  const request = kept((storage) => JSON.parse(storage.getItem(nameOf(user))));
  return request && now - request.started < OLDEST_MS ? request : null;
}
