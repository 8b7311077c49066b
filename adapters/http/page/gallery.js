// The kept images, newest first, and the dialog that shows one of them, its details, and deletes it after a question.

import * as api from "./api.js";
import { breakable, readable } from "./words.js";

const PAGE_SIZE = 12;
const LARGE_PAGE = 60; // once somebody asks for older ones, they come by themselves
const MOST_ANEW = 100;
const SEARCH_FROM = 6; // with fewer there is nothing to search
const SEARCH_MS = 250;
const SWIPE_PX = 50;
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

const keyOf = (image) => `${image.name}\n${image.at}`;

export class Gallery {
  /** `changed` is called after a deletion with a sentence for the live region and the names; `reuse` with the details of an
      image, `vary` with the image and them, `upscale` with the image, `say` with a sentence for the live region. */
  constructor({ user, changed, reuse, vary, upscale, say, failed }) {
    Object.assign(this, { user, changed, reuse, vary, upscale, say, failed });
    this.shown = [];
    this.tiles = new Map();
    this.total = 0;
    this.cursor = null;
    this.reading = null;
    this.open = null;
    this.key = null;
    this.reused = false;
    this.deleted = false;
    this.selection = new SelectionOf(this);
    at("older").addEventListener("click", () => this.more({ focus: true }));
    this.sight = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.more({ focus: false }), { rootMargin: "600px" });
    this.listen();
  }

  listen() {
    at("viewer-close").addEventListener("click", () => at("viewer").close());
    at("viewer").addEventListener("click", (event) => event.target === at("viewer") && at("viewer").close());
    at("viewer").addEventListener("close", () => this.closed());
    at("viewer").addEventListener("keydown", (event) => this.turned(event));
    at("viewer-delete").addEventListener("click", () => this.ask());
    at("confirm-no").addEventListener("click", () => this.unask({ focus: true }));
    at("confirm-yes").addEventListener("click", () => this.remove());
    at("viewer-again").addEventListener("click", () => this.leave(() => this.reuse(this.details)));
    at("viewer-vary").addEventListener("click", () => this.leave((image) => this.vary(image, this.details ?? {})));
    at("viewer-upscale").addEventListener("click", () => this.leave((image) => this.upscale(image)));
    at("viewer-copy").addEventListener("click", () => this.copy());
    at("viewer-newer").addEventListener("click", () => this.turn(-1));
    at("viewer-older").addEventListener("click", () => this.turn(1));
    at("viewer-picture").addEventListener("error", () => this.missing(true));
    let from = null;
    at("viewer-picture").addEventListener("touchstart", (event) => (from = event.changedTouches[0].clientX), { passive: true });
    at("viewer-picture").addEventListener("touchend", (event) => {
      const moved = event.changedTouches[0].clientX - from;
      if (Math.abs(moved) > SWIPE_PX) this.turn(moved > 0 ? -1 : 1);
    });
    let waiting = 0;
    at("search").addEventListener("submit", (event) => event.preventDefault());
    at("search").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.searchAnew(), SEARCH_MS);
    });
    at("search-off").addEventListener("click", () => {
      at("search").reset();
      this.searchAnew();
      at("search-words").focus();
    });
  }

  /** What the form asks for; nothing of it: all. */
  get wanted() {
    const days = at("search-days").value;
    const from = days && new Date(Date.now() - (days - 1) * 86400000).toISOString().slice(0, 10);
    return { q: at("search-words").value.trim(), style: at("search-style").value, operation: at("search-operation").value, from };
  }

  get isSearching() {
    return Object.values(this.wanted).some(Boolean);
  }

  async searchAnew() {
    this.shown = [];
    this.sight.disconnect();
    await this.refresh().catch((failure) => this.failed(failure));
    this.say(this.isSearching ? `${this.total} found.` : "");
  }

  /** Reads the newest again. What was shown beyond them stays. */
  async refresh() {
    const wanted = this.wanted;
    const limit = Math.min(MOST_ANEW, Math.max(PAGE_SIZE, this.shown.length));
    const page = await api.images(this.user, { ...wanted, limit });
    if (JSON.stringify(wanted) !== JSON.stringify(this.wanted)) return; // another search was begun meanwhile
    const known = new Set(page.images.map((image) => image.name));
    const last = page.images.at(-1);
    const beyond = page.images.length < limit ? [] : this.shown.slice(limit).filter((image) => !known.has(image.name) && image.at <= last.at);
    this.shown = [...page.images, ...beyond];
    this.total = page.total;
    if (beyond.length === 0) this.cursor = page.next_cursor;
    this.show();
  }

  /** Older ones, a page; one at a time. */
  more({ focus }) {
    this.reading ??= this.readMore(focus).finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  async readMore(focus) {
    if (this.cursor === null) return;
    const first = this.shown.length;
    try {
      const page = await api.images(this.user, { ...this.wanted, cursor: this.cursor, limit: focus ? PAGE_SIZE : LARGE_PAGE });
      const known = new Set(this.shown.map((image) => image.name));
      this.shown.push(...page.images.filter((image) => !known.has(image.name)));
      this.total = page.total;
      this.cursor = page.next_cursor;
      this.show();
      if (focus) at("grid").children[first]?.querySelector("button").focus();
      this.sight.observe(at("older"));
    } catch (failure) {
      this.sight.disconnect();
      this.failed(failure);
    }
  }

  // A tile that is there already is left alone, so that a refresh neither flickers nor takes the focus away.
  show() {
    const wanted = this.shown.map((image) => this.tileFor(image));
    const grid = at("grid");
    wanted.forEach((item, place) => {
      if (grid.children[place] !== item) grid.insertBefore(item, grid.children[place] ?? null);
    });
    while (grid.children.length > wanted.length) grid.lastElementChild.remove();
    const keys = new Set(this.shown.map(keyOf));
    for (const key of this.tiles.keys()) if (!keys.has(key)) this.tiles.delete(key);
    for (const tile of grid.querySelectorAll("[data-gone] img")) tile.src = tile.src; // it may be there again
    at("gallery-empty").hidden = this.total > 0 || this.isSearching;
    at("gallery-none").hidden = this.total > 0 || !this.isSearching;
    at("search").hidden = !this.isSearching && this.total < SEARCH_FROM;
    const what = this.isSearching ? "found" : "kept";
    at("gallery-count").textContent = this.total === 0 ? "" : `${this.total} ${what}, newest first`;
    at("older").hidden = this.cursor === null;
    this.selection.show();
  }

  tileOf(name) {
    return [...at("grid").querySelectorAll("button")].find((tile) => tile.dataset.name === name);
  }

  tileFor(image) {
    const key = keyOf(image);
    if (!this.tiles.has(key)) this.tiles.set(key, this.tile(image));
    return this.tiles.get(key);
  }

  tile(image) {
    const picture = document.createElement("img");
    picture.src = image.thumbnail_url;
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
    button.addEventListener("click", () => (this.selection.isOn ? this.selection.toggle(image.name) : this.view(image)));
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

  get details() {
    return this.open?.details ?? null;
  }

  /** Opens the viewer for a kept picture that may not be among those shown; `toDelete`: with its question. */
  async viewName(name, { toDelete = false } = {}) {
    let image = this.shown.find((one) => one.name === name);
    if (!image) {
      const page = await api.images(this.user, { q: name, limit: PAGE_SIZE }).catch(() => ({ images: [] }));
      image = page.images.find((one) => one.name === name);
    }
    if (!image) return;
    this.view(image);
    if (toDelete) this.ask();
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
    at("viewer-picture").alt = image.prompt || `The image ${image.name}`;
    at("viewer-download").href = api.imageUrl(this.user, image.name);
    at("viewer-again").hidden = true;
    at("viewer-copy").hidden = !image.prompt;
    this.facts(image, null);
    this.offerNeighbours();
    if (!at("viewer").open) {
      at("viewer").showModal();
      at("viewer-close").focus();
    }
    const found = await api.details(this.user, image.name).catch(() => null);
    if (this.open?.image !== image || !found) return;
    this.facts(image, found.details, found.generation);
    if (!found.details) return;
    this.open.details = found.details;
    at("viewer-picture").alt = found.details.prompt ?? at("viewer-picture").alt;
    at("viewer-again").hidden = !found.details.prompt;
  }

  /** The pictures beside the open one, as the gallery shows them. */
  neighbour(step) {
    const place = this.shown.findIndex((image) => image.name === this.open?.image.name);
    return place < 0 ? undefined : this.shown[place + step];
  }

  offerNeighbours() {
    at("viewer-newer").disabled = !this.neighbour(-1);
    at("viewer-older").disabled = !this.neighbour(1) && this.cursor === null;
  }

  async turn(step) {
    if (!at("confirm").hidden) return;
    if (step > 0 && !this.neighbour(1)) await this.more({ focus: false });
    const image = this.neighbour(step);
    if (image && at("viewer").open) this.view(image);
  }

  turned(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowLeft") this.turn(-1);
    if (event.key === "ArrowRight") this.turn(1);
  }

  /** Closes the viewer for something that begins with its picture. */
  leave(act) {
    const { image } = this.open;
    const going = () => act(image);
    this.reused = true;
    const open = this.open;
    at("viewer").close();
    this.open = open; // the act may ask for its details
    going();
    this.open = null;
  }

  async copy() {
    const { image } = this.open;
    const text = image.seed === null || image.seed === undefined ? image.prompt : `${image.prompt} (seed ${image.seed})`;
    const done = await navigator.clipboard.writeText(text).then(() => true, () => false);
    this.say(done ? "Copied." : "The browser does not let this page copy. Select the words instead.");
  }

  /** A picture whose file cannot be shown has a word in its place, and nothing to download. */
  missing(gone) {
    at("viewer-picture").hidden = gone;
    at("viewer-gone").hidden = !gone;
    at("viewer-download").hidden = gone;
    const tile = gone && this.open && this.tileOf(this.open.image.name); // its small copy may be shown still
    if (tile) this.mark(tile, true);
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
    await this.changed(`Deleted ${image.name}. ${mb.format(image.size_bytes / 1048576)} MB are free again.`, [image.name]);
    const tiles = [...at("grid").querySelectorAll("button")];
    (tiles[Math.min(place, tiles.length - 1)] ?? at("gallery-title")).focus();
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

/** Several pictures at once: chosen by a click each, then downloaded or deleted together. */
class SelectionOf {
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
    const standing = new Set(this.gallery.shown.map((image) => image.name));
    for (const name of this.names) if (!standing.has(name)) this.names.delete(name);
    at("selecting").setAttribute("aria-pressed", this.isOn);
    at("selecting").textContent = this.isOn ? "Done" : "Select";
    at("selected").hidden = !this.isOn;
    for (const tile of at("grid").querySelectorAll("button")) {
      if (this.isOn) tile.setAttribute("aria-pressed", this.names.has(tile.dataset.name));
      else tile.removeAttribute("aria-pressed");
    }
    this.asked = false;
    at("selected-count").textContent = this.names.size ? `${this.names.size} selected` : "Choose pictures";
    at("selected-delete").textContent = "Delete";
    for (const id of ["selected-zip", "selected-delete"]) at(id).disabled = this.names.size === 0;
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
