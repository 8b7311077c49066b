// The dialog that shows one kept picture with what is known of it, goes to its neighbours, and deletes it after a question.

import * as api from "./api.js";
import { mb, showFacts } from "./facts.js";
import { showFavourite, watchFavourite } from "./favourite.js";
import { copyWords } from "./said.js";
import { breakable } from "./words.js";

const SWIPE_PX = 50;
const at = (id) => document.getElementById(id);

export class Viewer {
  /** `changed` is called after a deletion with a sentence for the live region and the names; `reuse` and `again` with the
      details of an image, `vary` with the image and them, `upscale` with the image. */
  constructor({ gallery, user, changed, ...acts }) {
    Object.assign(this, { gallery, user, changed });
    this.open = null;
    this.key = null;
    this.reused = false;
    this.deleted = false;
    this.listen(acts);
  }

  listen({ reuse, again, vary, upscale }) {
    watchFavourite({ marked: (image) => this.gallery.grid.redress(image), failed: (failure) => this.complain(failure.message) });
    at("viewer-close").addEventListener("click", () => at("viewer").close());
    at("viewer").addEventListener("click", (event) => event.target === at("viewer") && at("viewer").close());
    at("viewer").addEventListener("close", () => this.closed());
    at("viewer").addEventListener("keydown", (event) => this.turned(event));
    at("viewer-delete").addEventListener("click", () => this.ask());
    at("confirm-no").addEventListener("click", () => this.unask({ focus: true }));
    at("confirm-yes").addEventListener("click", () => this.remove());
    at("viewer-reuse").addEventListener("click", () => this.leave(() => reuse(this.details)));
    at("viewer-again").addEventListener("click", () => this.leave(() => again(this.details)));
    at("viewer-vary").addEventListener("click", () => this.leave((image) => vary(image, this.details ?? {})));
    at("viewer-upscale").addEventListener("click", () => this.leave((image) => upscale(image)));
    at("viewer-copy").addEventListener("click", () => copyWords(this.open.image.prompt, this.open.image.seed));
    at("viewer-newer").addEventListener("click", () => this.turn(-1));
    at("viewer-older").addEventListener("click", () => this.turn(1));
    at("viewer-picture").addEventListener("error", () => this.missing(true));
    let from = null;
    at("viewer-picture").addEventListener("touchstart", (event) => (from = event.changedTouches[0].clientX), { passive: true });
    at("viewer-picture").addEventListener("touchend", (event) => {
      const moved = event.changedTouches[0].clientX - from;
      if (Math.abs(moved) > SWIPE_PX) this.turn(moved > 0 ? -1 : 1);
    });
  }

  // An overwritten name gets another address, so that no stale picture is shown.
  source(image) {
    return `${api.imageUrl(this.user, image.name)}#${encodeURIComponent(image.at)}`;
  }

  get details() {
    return this.open?.details ?? null;
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
    at("viewer-full").href = api.imageUrl(this.user, image.name);
    for (const id of ["viewer-reuse", "viewer-again"]) at(id).hidden = true;
    at("viewer-copy").hidden = !image.prompt;
    showFacts(image, null);
    showFavourite(this.user, image);
    this.offerNeighbours();
    if (!at("viewer").open) {
      at("viewer").showModal();
      at("viewer-close").focus();
    }
    const found = await api.details(this.user, image.name).catch(() => null);
    if (this.open?.image !== image || !found) return;
    showFacts(image, found.details, found.generation);
    if (!found.details) return;
    this.open.details = found.details;
    at("viewer-picture").alt = found.details.prompt ?? at("viewer-picture").alt;
    at("viewer-reuse").hidden = !found.details.prompt;
    at("viewer-again").hidden = !found.details.prompt || image.operation === "upscale";
  }

  /** The pictures beside the open one, as the gallery shows them. */
  neighbour(step) {
    const place = this.gallery.shown.findIndex((image) => image.name === this.open?.image.name);
    return place < 0 ? undefined : this.gallery.shown[place + step];
  }

  offerNeighbours() {
    at("viewer-newer").disabled = !this.neighbour(-1);
    at("viewer-older").disabled = !this.neighbour(1) && this.gallery.cursor === null;
  }

  async turn(step) {
    if (!at("confirm").hidden) return;
    if (step > 0 && !this.neighbour(1)) await this.gallery.more({ focus: false });
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

  /** A picture whose file cannot be shown has a word in its place, and nothing to download. */
  missing(gone) {
    at("viewer-picture").hidden = gone;
    at("viewer-gone").hidden = !gone;
    for (const id of ["viewer-download", "viewer-full"]) at(id).hidden = gone;
    if (gone && this.open) this.gallery.grid.miss(this.open.image.name); // its small copy may be shown still
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

  complain(sentence) {
    at("viewer-error").textContent = sentence;
    at("viewer-error").hidden = false;
  }

  async remove() {
    const { image } = this.open;
    const place = this.gallery.shown.findIndex((other) => other.name === image.name);
    at("confirm-yes").setAttribute("aria-disabled", "true");
    try {
      await api.remove(this.user, image.name, this.key);
    } catch (failure) {
      if (failure.status !== 404) {
        this.complain(`Not deleted: ${failure.message}`);
        this.unask({ focus: true });
        return;
      }
    } finally {
      at("confirm-yes").removeAttribute("aria-disabled");
    }
    this.deleted = true;
    at("viewer").close();
    await this.changed(`Deleted ${image.name}. ${mb.format(image.size_bytes / 1048576)} MB are free again.`, [image.name]);
    if (!this.gallery.grid.focus(place)) at("gallery-title").focus();
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
    const place = this.gallery.shown.findIndex((image) => image.name === name);
    if (!leave && place >= 0) this.gallery.grid.focus(place);
  }
}
