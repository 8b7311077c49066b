// The heart of a picture in the viewer: pressed, it is one of the user's favourites, and its tile shows so.

import * as api from "./api.js";
import { say } from "./said.js";

const at = (id) => document.getElementById(id);
let isOffered = false;
let open = null; // the picture, and whose

function show() {
  const button = at("viewer-favourite");
  button.hidden = !isOffered || !open;
  button.setAttribute("aria-pressed", String(open?.image.favourite ?? false));
}

/** Whether hearts are shown: where the market is in use. */
export function offerFavourites(isUsed) {
  isOffered = isUsed;
  document.documentElement.toggleAttribute("data-hearts", isUsed);
  show();
}

/** The picture that the viewer shows. */
export function showFavourite(user, image) {
  open = { user, image };
  show();
}

/** Listens; `marked` is told the picture, whose `favourite` is as it is now, and `failed` why it is not. */
export function watchFavourite({ marked, failed }) {
  at("viewer-favourite").addEventListener("click", async () => {
    const { user, image } = open;
    const on = !image.favourite;
    try {
      await api.market.mark(user, image.name, on, api.newKey());
    } catch (failure) {
      if (!(failure instanceof api.Failure)) throw failure;
      failed(failure);
      return;
    }
    image.favourite = on;
    show();
    marked(image);
    say(on ? "One of your favourites." : "No longer one of your favourites.");
  });
}
