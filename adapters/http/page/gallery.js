// The kept images, newest first, and the dialog that shows one of them, its details, and deletes it after a question.

import * as api from "./api.js";
import { breakable, readable } from "./words.js";

const PAGE_SIZE = 12;
const at = (id) => document.getElementById(id);
const mb = new Intl.NumberFormat("en", { maximumFractionDigits: 2, minimumFractionDigits: 2 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const OPERATIONS = {
  text_to_image: "Made from text",
  image_to_image: "Made from a picture",
  upscale: "Upscaled",
  adopted: "Brought in",
  unspecified: "Saved",
};

export class Gallery {
  /** `changed` is called after a deletion with a sentence for the live region and the name; `reuse` with the details of an image. */
  constructor({ user, changed, reuse, failed }) {
    Object.assign(this, { user, changed, reuse, failed });
    this.shown = [];
    this.total = 0;
    this.drawn = "";
    this.open = null;
    this.key = null;
    this.reused = false;
    this.deleted = false;
    at("older").addEventListener("click", () => this.more());
    at("viewer-close").addEventListener("click", () => at("viewer").close());
    at("viewer").addEventListener("click", (event) => event.target === at("viewer") && at("viewer").close());
    at("viewer").addEventListener("close", () => this.closed());
    at("viewer-delete").addEventListener("click", () => this.ask());
    at("confirm-no").addEventListener("click", () => this.unask({ focus: true }));
    at("confirm-yes").addEventListener("click", () => this.remove());
    at("viewer-again").addEventListener("click", () => this.again());
    at("viewer-picture").addEventListener("error", () => this.missing(true));
  }

  /** Reads the newest again, as many as were shown. */
  async refresh() {
    const count = Math.min(100, Math.max(PAGE_SIZE, this.shown.length));
    const page = await api.images(this.user, 0, count);
    this.shown = page.images;
    this.total = page.total;
    this.show();
  }

  async more() {
    const first = this.shown.length;
    try {
      const page = await api.images(this.user, first, PAGE_SIZE);
      const known = new Set(this.shown.map((image) => image.name));
      this.shown.push(...page.images.filter((image) => !known.has(image.name)));
      this.total = page.total;
      this.show();
      at("grid").children[first]?.querySelector("button").focus();
    } catch (failure) {
      this.failed(failure);
    }
  }

  // What is shown already is left alone, so that a refresh neither flickers nor takes the focus away.
  show() {
    const drawn = JSON.stringify(this.shown);
    if (drawn !== this.drawn) {
      const focused = document.activeElement?.dataset.name;
      at("grid").replaceChildren(...this.shown.map((image) => this.tile(image)));
      this.tileOf(focused)?.focus();
      this.drawn = drawn;
    } else {
      for (const tile of at("grid").querySelectorAll("[data-gone] img")) tile.src = tile.src; // it may be there again
    }
    at("gallery-empty").hidden = this.total > 0;
    at("gallery-count").textContent = this.total === 0 ? "" : `${this.total} kept, newest first`;
    at("older").hidden = this.shown.length >= this.total;
  }

  tileOf(name) {
    return [...at("grid").querySelectorAll("button")].find((tile) => tile.dataset.name === name);
  }

  tile(image) {
    const picture = document.createElement("img");
    picture.src = this.source(image);
    picture.alt = "";
    picture.loading = "lazy";
    picture.decoding = "async";
    const button = document.createElement("button");
    picture.addEventListener("error", () => this.mark(button, true));
    picture.addEventListener("load", () => this.mark(button, false));
    button.type = "button";
    button.className = "tile";
    button.dataset.name = image.name;
    button.setAttribute("aria-haspopup", "dialog");
    button.dataset.label = `${image.name}, ${moment.format(new Date(image.at))}`;
    this.mark(button, false);
    button.append(picture);
    button.addEventListener("click", () => this.view(image));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  // Where the file of a picture cannot be shown, a word stands in its place.
  mark(button, gone) {
    button.toggleAttribute("data-gone", gone);
    button.setAttribute("aria-label", `${button.dataset.label}.${gone ? " Picture missing." : ""} Open`);
  }

  // An overwritten name gets another address, so that no stale picture is shown.
  source(image) {
    return `${api.imageUrl(this.user, image.name)}#${encodeURIComponent(image.at)}`;
  }

  async view(image) {
    this.open = { image, details: null };
    this.reused = false;
    this.deleted = false;
    this.unask();
    at("viewer-error").hidden = true;
    at("viewer-title").replaceChildren(...breakable(image.name));
    this.missing(false);
    at("viewer-picture").src = this.source(image);
    at("viewer-picture").alt = `The image ${image.name}`;
    at("viewer-download").href = api.imageUrl(this.user, image.name);
    at("viewer-again").hidden = true;
    this.facts(image, null);
    at("viewer").showModal();
    at("viewer-close").focus();
    const found = await api.details(this.user, image.name).catch(() => null);
    if (this.open?.image !== image || !found) return;
    this.facts(image, found.details, found.generation);
    if (!found.details) return;
    this.open.details = found.details;
    at("viewer-picture").alt = found.details.prompt ?? at("viewer-picture").alt;
    at("viewer-again").hidden = !found.details.prompt;
  }

  /** A picture whose file cannot be shown has a word in its place, and nothing to download. */
  missing(gone) {
    at("viewer-picture").hidden = gone;
    at("viewer-gone").hidden = !gone;
    at("viewer-download").hidden = gone;
  }

  facts(image, details, generation) {
    const rows = [
      ["Prompt", details?.prompt],
      ["Left out", details?.negative_prompt],
      ["Style", details?.style && readable(details.style)],
      ["Seed", details?.seed],
      ["How", OPERATIONS[image.operation] ?? image.operation],
      ["Size", `${image.width} × ${image.height}, ${mb.format(image.size_bytes / 1048576)} MB`],
      ["Made by", details?.provider === "sketch" ? "an offline sketch" : details?.provider],
      ["Generation", generation?.sentence],
      ["Made", moment.format(new Date(image.at))],
    ];
    at("viewer-facts").replaceChildren(
      ...rows.filter(([, value]) => value !== undefined && value !== null && value !== "").flatMap(([name, value]) => {
        const term = document.createElement("dt");
        const text = document.createElement("dd");
        term.textContent = name;
        text.textContent = value;
        return [term, text];
      }),
    );
  }

  ask() {
    const { image } = this.open;
    this.key = api.newKey();
    at("confirm-text").textContent =
      `Delete “${image.name}”? It frees ${mb.format(image.size_bytes / 1048576)} MB. It cannot be undone, and today’s count stays.`;
    at("viewer-actions").hidden = true;
    at("confirm").hidden = false;
    at("confirm-no").focus();
  }

  unask({ focus = false } = {}) {
    at("confirm").hidden = true;
    at("viewer-actions").hidden = false;
    if (focus) at("viewer-delete").focus();
  }

  async remove() {
    const { image } = this.open;
    const place = this.shown.findIndex((other) => other.name === image.name);
    at("confirm-yes").setAttribute("aria-disabled", "true");
    try {
      await api.remove(this.user, image.name, this.key);
    } catch (failure) {
      if (failure.status !== 404) {
        at("viewer-error").textContent = `Not deleted: ${failure.message}`;
        at("viewer-error").hidden = false;
        this.unask({ focus: true });
        return;
      }
    } finally {
      at("confirm-yes").removeAttribute("aria-disabled");
    }
    this.deleted = true;
    at("viewer").close();
    await this.changed(`Deleted ${image.name}. ${mb.format(image.size_bytes / 1048576)} MB are free again.`, image.name);
    const tiles = [...at("grid").querySelectorAll("button")];
    (tiles[Math.min(place, tiles.length - 1)] ?? at("gallery-title")).focus();
  }

  again() {
    const { details } = this.open;
    this.reused = true;
    at("viewer").close();
    this.reuse(details);
  }

  // The browser tells of a closing a moment later, when the next image may be open already.
  closed() {
    if (at("viewer").open) return;
    const name = this.open?.image.name;
    this.open = null;
    at("viewer-picture").removeAttribute("src");
    const leave = this.reused || this.deleted;
    this.reused = false;
    this.deleted = false;
    if (!leave) this.tileOf(name)?.focus();
  }
}
