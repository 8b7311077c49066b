// The tiles of the gallery. However many pictures there are, only those in sight and around it are in the document: the
// grid is as tall as all of them, and each tile stands at its own place in it.

const LEAST = 60; // tiles, in sight or not: few pictures are all there, for whoever tabs or reads through them
const BATCH = 24; // tiles that are made in a frame
const AROUND = 1; // heights of the window, above and below it
const FETCH_MS = 90; // a tile that is passed sooner asks for no picture
const at = (id) => document.getElementById(id);
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const keyOf = (image) => `${image.name}\n${image.at}`;

/** Where the file of a picture cannot be shown, a word stands in its place. */
function mark(button, gone) {
  button.toggleAttribute("data-gone", gone);
  label(button);
}

/** What a tile says: which picture it is, and what is to be known before it is opened. */
function label(button) {
  const told = [button.hasAttribute("data-favourite") ? " A favourite." : "", button.hasAttribute("data-gone") ? " Picture missing." : ""];
  button.setAttribute("aria-label", `${button.dataset.label}.${told.join("")} Open`);
}

function tileOf(image) {
  const picture = document.createElement("img");
  picture.alt = "";
  picture.decoding = "async";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tile";
  button.dataset.name = image.name;
  button.dataset.label = `${image.name}, ${moment.format(new Date(image.at))}`;
  button.setAttribute("aria-haspopup", "dialog");
  button.toggleAttribute("data-favourite", Boolean(image.favourite));
  mark(button, false);
  button.append(picture);
  const item = document.createElement("li");
  item.append(button);
  return item;
}

export class Grid {
  /** `chosen` is called with the image whose tile is clicked and the event; `dress` with each tile that comes into the document. */
  constructor({ chosen, dress }) {
    Object.assign(this, { chosen, dress });
    this.images = [];
    this.places = new Map(); // of the images by their keys
    this.items = new Map(); // those in the document, by the keys of their images
    this.measures = null;
    this.former = ""; // what the last settling was for
    this.frame = 0;
    this.fetching = 0;
    this.scrolled = -FETCH_MS; // when
    this.listen();
  }

  listen() {
    const passed = () => {
      this.scrolled = performance.now();
      this.later();
    };
    addEventListener("scroll", passed, { passive: true });
    let wide = 0;
    new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width === wide) return;
      wide = contentRect.width;
      this.measures = null;
      this.later();
    }).observe(at("grid"));
    at("grid").addEventListener("focusout", () => {
      this.former = ""; // the tile that had the focus may be far out of sight
      this.later();
    });
    at("grid").addEventListener("keydown", (event) => this.step(event));
    at("grid").addEventListener("click", (event) => {
      const image = this.imageOf(event.target.closest("button"));
      if (image) this.chosen(image, event);
    });
    const loaded = (event) => mark(event.target.parentElement, event.type === "error");
    for (const type of ["load", "error"]) at("grid").addEventListener(type, loaded, true); // they do not bubble
  }

  /** Settles in the next frame. */
  later() {
    this.frame ||= requestAnimationFrame(() => this.settle());
  }

  imageOf(button) {
    return this.images[button?.parentElement.dataset.place];
  }

  /** All of them, in their order. A tile that stays is left alone, so that nothing flickers or loses the focus. */
  show(images) {
    this.images = images;
    this.places = new Map(images.map((image, place) => [keyOf(image), place]));
    for (const [key, item] of this.items) if (!this.places.has(key)) this.drop(key, item);
    for (const picture of at("grid").querySelectorAll("[data-gone] img")) picture.src = picture.src; // it may be there again
    this.former = "";
    this.settle();
  }

  /** Columns and sides in pixels, as the style sheet has them. */
  measure() {
    if (this.measures) return this.measures;
    const style = getComputedStyle(at("grid"));
    const tracks = style.gridTemplateColumns.split(" ").map(parseFloat);
    const side = tracks[0];
    if (!(side > 0)) return { columns: 1, side: 0, step: 1 }; // another view is shown
    return (this.measures = { columns: tracks.length, side, step: side + parseFloat(style.rowGap) });
  }

  /** The places of the tiles that are to be in the document. */
  window({ columns, step }) {
    const top = at("grid").getBoundingClientRect().top;
    const first = Math.floor((-top - AROUND * innerHeight) / step) * columns;
    const many = Math.max(LEAST, Math.ceil(((1 + 2 * AROUND) * innerHeight) / step + 1) * columns);
    const begin = Math.max(0, Math.min(first, this.images.length - many));
    return { begin: begin - (begin % columns), end: Math.min(this.images.length, begin + many) };
  }

  /** The document has the tiles that are to be there, and no others but one that has the focus; where many are new, those
      around `middle` first, and the rest in the next frames. */
  settle(middle) {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const measures = this.measure();
    if (!measures.side) return;
    const { begin, end } = this.window(measures);
    const now = [begin, end, measures.columns, measures.side].join();
    if (now === this.former && middle === undefined) return;
    this.former = now;
    const rows = Math.ceil(this.images.length / measures.columns);
    at("grid").style.height = rows ? `${rows * measures.step - (measures.step - measures.side)}px` : "";
    for (const [key, item] of this.items) {
      const place = this.places.get(key);
      if ((place < begin || place >= end) && !item.contains(document.activeElement)) this.drop(key, item);
    }
    const wanted = [...this.items.keys()].map((key) => this.places.get(key));
    wanted.push(...this.missing(begin, end, middle ?? (begin + end) / 2));
    let before = null;
    for (const place of wanted.sort((one, other) => other - one)) before = this.put(place, measures, before);
    if (performance.now() - this.scrolled > FETCH_MS) this.fetch({ all: true });
    else this.fetching ||= setTimeout(() => this.fetch(), FETCH_MS);
  }

  /** The places that have no tile yet: as many as are made in a frame, those nearest to `middle`. */
  missing(begin, end, middle) {
    const places = [];
    for (let place = begin; place < end; place += 1) if (!this.items.has(keyOf(this.images[place]))) places.push(place);
    if (places.length <= BATCH) return places;
    this.former = "";
    this.later();
    return places.sort((one, other) => Math.abs(one - middle) - Math.abs(other - middle)).slice(0, BATCH);
  }

  /** Stands the tile of an image at its place, before the one that follows it. */
  put(place, { columns, side, step }, before) {
    const image = this.images[place];
    const key = keyOf(image);
    let item = this.items.get(key);
    if (!item) {
      item = tileOf(image);
      this.items.set(key, item);
      this.dress(item.firstElementChild);
    }
    const laid = [place, columns, side, step, this.images.length].join();
    if (item.laid !== laid) {
      item.laid = laid;
      item.style.width = `${side}px`;
      item.style.left = `${(place % columns) * step}px`;
      item.style.top = `${Math.floor(place / columns) * step}px`;
      item.dataset.place = place;
      item.setAttribute("aria-posinset", place + 1);
      item.setAttribute("aria-setsize", this.images.length);
    }
    if (item.nextElementSibling !== before || !item.parentElement) at("grid").insertBefore(item, before);
    return item;
  }

  /** The pictures of the tiles that were here the last time already, so that what is passed quickly asks for none. */
  fetch({ all = false } = {}) {
    clearTimeout(this.fetching);
    this.fetching = 0;
    for (const item of this.items.values()) {
      const picture = item.firstElementChild.firstElementChild;
      if (picture.hasAttribute("src")) continue;
      if (all || "seen" in item.dataset) picture.src = this.images[item.dataset.place].thumbnail_url;
      else this.fetching ||= setTimeout(() => this.fetch(), FETCH_MS);
      item.dataset.seen = "";
    }
  }

  drop(key, item) {
    item.firstElementChild.firstElementChild.removeAttribute("src"); // so that nobody waits for it
    item.remove();
    this.items.delete(key);
  }

  /** The file of a picture cannot be shown, as was found elsewhere. */
  miss(name) {
    const tile = this.tile(name);
    if (tile) mark(tile, true);
  }

  /** A picture is a favourite now, or no longer. */
  redress(image) {
    const tile = this.tile(image.name);
    if (!tile) return;
    tile.toggleAttribute("data-favourite", Boolean(image.favourite));
    label(tile);
  }

  /** The button of a picture by its name, if it is in the document. */
  tile(name) {
    return this.tiles.find((tile) => tile.dataset.name === name);
  }

  get tiles() {
    return [...at("grid").querySelectorAll("button")];
  }

  /** Gives the focus to the tile at a place, or to the last; whether there is one. */
  focus(place) {
    const found = Math.min(place, this.images.length - 1);
    const measures = this.measure();
    if (found < 0 || !measures.side) return false;
    const key = keyOf(this.images[found]);
    if (!this.items.has(key)) {
      const y = at("grid").getBoundingClientRect().top + Math.floor(found / measures.columns) * measures.step;
      scrollBy({ top: y - (innerHeight - measures.side) / 2, behavior: "instant" });
      this.settle(found);
    }
    this.items.get(key).firstElementChild.focus();
    return true;
  }

  /** Arrows go from tile to tile. */
  step(event) {
    const rows = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const step = rows ? rows * this.measure().columns : { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const place = Number(event.target.closest("li").dataset.place) + step;
    if (place < 0 || place >= this.images.length) return;
    event.preventDefault();
    this.focus(place);
  }
}
