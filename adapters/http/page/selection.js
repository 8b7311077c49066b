// Several pictures at once: chosen by a click each, then downloaded or deleted together.

import * as api from "./api.js";

const at = (id) => document.getElementById(id);

export class Selection {
  constructor(gallery) {
    this.gallery = gallery;
    this.names = new Set();
    this.isOn = false;
    this.asked = false;
    at("selecting").addEventListener("click", () => this.turn(!this.isOn));
    at("selected-zip").addEventListener("click", () => this.download());
    at("selected-delete").addEventListener("click", () => this.remove());
  }

  turn(isOn) {
    this.isOn = isOn;
    this.names.clear();
    this.show();
  }

  toggle(name) {
    if (!this.names.delete(name)) this.names.add(name);
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
    at("selected-count").textContent = this.names.size ? `${this.names.size} selected` : "Choose pictures";
    at("selected-delete").textContent = "Delete";
    for (const id of ["selected-zip", "selected-delete"]) at(id).disabled = this.names.size === 0;
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
