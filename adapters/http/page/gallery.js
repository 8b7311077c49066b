// The kept images, newest first, and the search among them. What is done with one is in viewer.js, with several in selection.js.

import * as api from "./api.js";
import { Grid } from "./grid.js";
import { Selection } from "./selection.js";
import { Viewer } from "./viewer.js";

const PAGE_SIZE = 12;
const LARGE_PAGE = 100; // once somebody asks for older ones, they come by themselves, and before they are in sight
const AHEAD = "1500px";
const MOST_ANEW = 100;
const SEARCH_FROM = 6; // with fewer there is nothing to search
const SEARCH_MS = 250;
const at = (id) => document.getElementById(id);

export class Gallery {
  /** `changed`, `reuse`, `again`, `vary` and `upscale` are the viewer's; `say` is called with a sentence for the live region,
      `failed` with a Failure. */
  constructor({ user, changed, say, failed, ...acts }) {
    Object.assign(this, { user, changed, say, failed });
    this.shown = [];
    this.total = 0;
    this.cursor = null;
    this.reading = null;
    this.selection = new Selection(this);
    this.grid = new Grid({
      chosen: (image, event) => (this.selection.isOn ? this.selection.choose(image.name, event.shiftKey) : this.viewer.view(image)),
      dress: (tile) => this.selection.dress(tile),
    });
    this.viewer = new Viewer({ gallery: this, user, changed, ...acts });
    at("older").addEventListener("click", () => this.more({ focus: true }));
    this.sight = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.more({ focus: false }), { rootMargin: AHEAD });
    this.listen();
  }

  listen() {
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
    const since = () => days && new Date(Date.now() - (days - 1) * 86400000).toISOString().slice(0, 10);
    const [from, until] = days === "own" ? [at("search-from").value, at("search-until").value] : [since(), ""];
    return { q: at("search-words").value.trim(), style: at("search-style").value, operation: at("search-operation").value, from, until };
  }

  get isSearching() {
    return Object.values(this.wanted).some(Boolean);
  }

  async searchAnew() {
    at("search-own").hidden = at("search-days").value !== "own";
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
    const beyond = page.images.length < limit ? [] : this.shown.filter((image) => !known.has(image.name) && image.at <= last.at);
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
      if (focus) this.grid.focus(first);
      this.sight.disconnect(); // so that it tells at once whether there is room for more
      this.sight.observe(at("older"));
    } catch (failure) {
      this.sight.disconnect();
      this.failed(failure);
    }
  }

  show() {
    this.grid.show(this.shown);
    at("gallery-empty").hidden = this.total > 0 || this.isSearching;
    at("gallery-none").hidden = this.total > 0 || !this.isSearching;
    at("search").hidden = !this.isSearching && this.total < SEARCH_FROM && at("search-days").value !== "own";
    const what = this.isSearching ? "found" : "kept";
    at("gallery-count").textContent = this.total === 0 ? "" : `${this.total} ${what}, newest first`;
    at("older").hidden = this.cursor === null;
    this.selection.show();
  }

  /** These are deleted, wherever they stand in what is shown. */
  without(names) {
    this.shown = this.shown.filter((image) => !names.includes(image.name));
  }

  /** Opens the viewer for a kept picture that may not be among those shown; `toDelete`: with its question. */
  async viewName(name, { toDelete = false } = {}) {
    let image = this.shown.find((one) => one.name === name);
    if (!image) {
      const page = await api.images(this.user, { q: name, limit: PAGE_SIZE }).catch(() => ({ images: [] }));
      image = page.images.find((one) => one.name === name);
    }
    if (!image) return;
    this.viewer.view(image);
    if (toDelete) this.viewer.ask();
  }
}
