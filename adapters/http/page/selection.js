// Several pictures at once: chosen by a click each, by Shift as a range, or all that are found; then downloaded or
// deleted together.

import * as api from "./api.js";

const MOST = 500; // that the service takes at once
const at = (id) => document.getElementById(id);

export class Selection {
  constructor(gallery) {
    this.gallery = gallery;
    this.names = new Set();
    this.isOn = false;
    this.asked = false;
    this.last = null; // the name where a range begins
    at("selected-all").addEventListener("click", () => this.all());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.isOn || document.querySelector("dialog[open]")) return;
      this.turn(false);
      at("selecting").focus();
    });
    at("selecting").addEventListener("click", () => this.turn(!this.isOn));
    at("selected-zip").addEventListener("click", () => this.download());
    at("selected-delete").addEventListener("click", () => this.remove());
  }

  turn(isOn) {
    this.isOn = isOn;
    this.names.clear();
    this.last = null;
    this.show();
  }

  /** One more or one fewer; `asRange`: all from the last one chosen to this one. */
  choose(name, asRange) {
    const places = [this.last, name].map((one) => this.gallery.shown.findIndex((image) => image.name === one));
    if (asRange && places[0] >= 0) this.add(this.gallery.shown.slice(Math.min(...places), Math.max(...places) + 1));
    else if (!this.names.delete(name)) this.add([{ name }]);
    this.last = name;
    this.show();
  }

  /** As many of them as go at once. */
  add(images) {
    for (const { name } of images) if (this.names.size < MOST) this.names.add(name);
  }

  /** All that the search finds, those not shown yet included. */
  async all() {
    const { gallery } = this;
    at("selected-all").disabled = true;
    for (let known = -1; gallery.cursor !== null && gallery.shown.length < MOST && gallery.shown.length > known; ) {
      known = gallery.shown.length;
      await gallery.more({ focus: false });
    }
    at("selected-all").disabled = false;
    if (!this.isOn) return;
    this.names.clear();
    this.add(gallery.shown);
    this.show();
  }

  show() {
    if (this.names.size) {
      const standing = new Set(this.gallery.shown.map((image) => image.name));
      for (const name of this.names) if (!standing.has(name)) this.names.delete(name);
    }
    at("selecting").setAttribute("aria-pressed", this.isOn);
    at("selecting").textContent = this.isOn ? "Done" : "Select";
    at("selected").hidden = !this.isOn;
    for (const tile of this.gallery.grid.tiles) this.dress(tile);
    this.asked = false;
    at("selected-count").textContent = this.told();
    at("selected-delete").textContent = "Delete";
    for (const id of ["selected-zip", "selected-delete"]) at(id).disabled = this.names.size === 0;
  }

  told() {
    if (this.names.size === 0) return "Choose pictures";
    return this.names.size < MOST ? `${this.names.size} selected` : `${MOST} selected, the most that go at once`;
  }

  /** A tile tells whether it is chosen, while one can choose. */
  dress(tile) {
    if (this.isOn) tile.setAttribute("aria-pressed", this.names.has(tile.dataset.name));
    else tile.removeAttribute("aria-pressed");
  }

  async download() {
    try {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await api.archive(this.gallery.user, [...this.names]));
      link.download = "pictures.zip";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    } catch (failure) {
      this.gallery.failed(failure);
    }
  }

  /** The first click asks, the second deletes. */
  async remove() {
    if (!this.asked) {
      this.asked = true;
      at("selected-delete").textContent = `Delete ${this.names.size} for good`;
      at("selected-count").textContent = "They cannot be brought back. Today’s count stays.";
      return;
    }
    const names = [...this.names];
    try {
      const done = await api.removeMany(this.gallery.user, names, api.newKey());
      const gone = done.deleted;
      this.turn(false);
      await this.gallery.changed(`${gone} ${gone === 1 ? "picture" : "pictures"} deleted.`, names);
      at("gallery-title").focus();
    } catch (failure) {
      this.gallery.failed(failure);
    }
  }
}
