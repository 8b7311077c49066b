// One line of a history, and the explanation of a refusal below it. Used for one's own history and for any user's.

import * as api from "./api.js";

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const TITLES = { kept: "Kept", "given back": "Given back", refused: "Refused" };
const CHANGES = { limits: "Limits", count: "Count set anew", image: "Deleted" };

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function words(entry) {
  if (entry.kind === "changed") return `${entry.sentence} (by ${entry.by})`;
  if (entry.kind !== "kept") return entry.sentence;
  const gone = entry.stands ? "" : " (deleted since)";
  return `${entry.name}${gone}${entry.prompt ? `: ${entry.prompt}` : ""}`;
}

function whyButton(user, entry, item) {
  const button = element("button", "Why?", "link");
  button.type = "button";
  button.setAttribute("aria-label", `Why was it ${TITLES[entry.kind].toLowerCase()} on ${moment.format(new Date(entry.at))}?`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    const told = await api.why(user, entry.position).catch((failure) => ({ told: [failure.message] }));
    const list = element("ul", undefined, "why");
    list.append(...told.told.map((line) => element("li", line)));
    button.remove();
    item.append(list);
    list.tabIndex = -1;
    list.focus();
  });
  return button;
}

/** An entry as a list item; refusals are explained, and of those that are told `whole` everything that was decided. */
export function lineOf(user, entry, whole = false) {
  const item = element("li", undefined, `line line-${entry.kind.replace(" ", "-")}`);
  const head = element("p", undefined, "line-head");
  const time = element("time", moment.format(new Date(entry.at)));
  time.dateTime = entry.at;
  head.append(element("strong", TITLES[entry.kind] ?? CHANGES[entry.what]), " ", time);
  item.append(head, element("p", words(entry), "line-words"));
  if (entry.generation) item.append(element("p", entry.generation.sentence, "hint"));
  if (entry.kind === "refused" || (whole && entry.kind !== "changed")) item.append(whyButton(user, entry, item));
  return item;
}

/** A pager of one user's history into a list, `whole` with what others changed; `failed` is called with a Failure. */
export class Lines {
  constructor({ list, more, empty, failed, whole = false }) {
    Object.assign(this, { list, more, empty, failed, whole });
    this.count = 0;
    more.addEventListener("click", () => this.next());
  }

  /** Begins anew, for this user. */
  async show(user) {
    this.user = user;
    this.count = 0;
    this.list.replaceChildren();
    this.more.hidden = true;
    this.empty.hidden = true;
    await this.next();
  }

  async next() {
    const { user, count } = this;
    const turn = (this.turn = {});
    try {
      const page = await api.history(user, count, 25, this.whole);
      if (turn !== this.turn) return; // it was begun anew meanwhile
      this.list.append(...page.entries.map((entry) => lineOf(user, entry, this.whole)));
      this.count += page.entries.length;
      this.more.hidden = this.count >= page.total;
      this.empty.hidden = page.total > 0;
    } catch (failure) {
      if (!(failure instanceof api.Failure)) throw failure;
      this.failed(failure);
    }
  }
}
