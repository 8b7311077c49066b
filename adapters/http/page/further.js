// Further limits as rows that can be added, changed and taken away: which one, how much, and whether it is only tried out.

import * as api from "./api.js";

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const SCOPES = { user: "for each user", guild: "for each server", pool: "for all" };
const UNITS = { generations: "pictures", credits: "credits" };
const WINDOWS = ["day", "week", "month"];

/** Every further limit by its name, or those that one user can have, in the order in which they are asked. */
export function namesOf(scopes = Object.keys(SCOPES)) {
  const all = Object.keys(UNITS).flatMap((unit) => scopes.flatMap((scope) => WINDOWS.map((window) => `${scope}/${window}/${unit}`)));
  return all.filter((name) => name !== "user/day/generations"); // this one has a field of its own
}

/** "credits a month for all"; "storage of all" of a limit that has no window. */
export function inGeneral(name) {
  const [scope, window, unit] = name.split("/");
  return unit ? `${UNITS[unit]} a ${window} ${SCOPES[scope]}` : `${window} ${SCOPES[scope]}`;
}

/** What a change of them changes, in words. */
export function stepsOf(former = {}, limits = {}) {
  return namesOf().filter((name) => former[name] !== limits[name]).map((name) => {
    const [before, after] = [former[name], limits[name]].map((most) => most !== undefined && number.format(most));
    return !after ? `no limit of ${inGeneral(name)}` : !before ? `${after} ${inGeneral(name)}` : `${inGeneral(name)} from ${before} to ${after}`;
  });
}

/** Which limits are only tried out from then on, and which refuse. */
export function triedSteps(former = [], limits = []) {
  const changed = [...new Set([...former, ...limits])].filter((name) => former.includes(name) !== limits.includes(name));
  return changed.map((name) => `${inGeneral(name)} ${limits.includes(name) ? "only tried out" : "refused from then on"}`);
}

/** All of them in a line. */
export const inWords = (windows) => Object.entries(windows).map(([name, most]) => `${number.format(most)} ${inGeneral(name)}`).join(", ");

function labelled(element, label) {
  element.setAttribute("aria-label", label);
  return element;
}

export class FurtherLimits {
  /** In a list, with a button that adds a row. `canBeTried`: each row says whether its limit refuses. */
  constructor({ list, add, names, canBeTried }) {
    Object.assign(this, { list, add, names, canBeTried, shown: "" });
    add.addEventListener("click", () => {
      const row = this.#row(this.names.find((name) => !this.#rows().some((other) => other.name === name)) ?? this.names[0], "", false);
      this.list.append(row);
      row.querySelector("select").focus();
      this.#changed();
    });
  }

  /** The rows of what holds, unless somebody has written into them since. */
  show(windows, unenforced = [], { anew = false } = {}) {
    if (!anew && JSON.stringify(this.#rows()) !== this.shown && this.shown) return;
    const rows = Object.entries(windows).map(([name, most]) => this.#row(name, String(most), unenforced.includes(name)));
    this.list.replaceChildren(...rows);
    this.shown = JSON.stringify(this.#rows());
  }

  /** What the rows say, by the names of limits; a row that is no limit is a Failure. */
  read() {
    const windows = {};
    const tried = [];
    for (const { name, most, isTried } of this.#rows()) {
      const form = name.endsWith("credits") ? /^[0-9]+(\.[0-9]{1,3})?$/ : /^[0-9]+$/;
      if (!form.test(most)) throw new api.Failure({ title: "Not set", detail: `How many ${inGeneral(name)}? Credits have at most three decimals, pictures none.` });
      if (name in windows) throw new api.Failure({ title: "Not set", detail: `There are two limits of ${inGeneral(name)}. Take one away.` });
      windows[name] = Number(most);
      if (isTried) tried.push(name);
    }
    return { windows, tried };
  }

  #rows() {
    return [...this.list.children].map((row) => ({
      name: row.querySelector("select").value,
      most: row.querySelector("input[type=text]").value.trim(),
      isTried: row.querySelector("input[type=checkbox]")?.checked ?? false,
    }));
  }

  #changed() {
    this.list.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #row(name, most, isTried) {
    const row = document.createElement("li");
    row.className = "further-row";
    const select = labelled(document.createElement("select"), "Which limit");
    for (const known of this.names) select.append(new Option(inGeneral(known), known, false, known === name));
    const box = document.createElement("div");
    box.className = "select";
    box.append(select);
    const amount = labelled(Object.assign(document.createElement("input"), { type: "text", inputMode: "decimal", maxLength: 17, value: most }), "How much");
    const away = labelled(Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: "Take away" }), "Take this limit away");
    away.addEventListener("click", () => {
      row.remove();
      this.add.focus();
      this.#changed();
    });
    row.append(amount, box);
    if (this.canBeTried) {
      const label = document.createElement("label");
      const check = Object.assign(document.createElement("input"), { type: "checkbox", checked: isTried });
      label.append(check, " only try it out");
      row.append(label);
    }
    row.append(away);
    return row;
  }
}
