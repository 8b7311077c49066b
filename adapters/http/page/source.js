// The picture that a wish begins with: chosen, dropped or pasted from this machine, or one of the gallery by its name.

const MAX_BYTES = 20 * 1024 * 1024;
const TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif"];
const at = (id) => document.getElementById(id);

let chosen = null; // { file } or { source, url }, and the label it is shown with
let changed = () => {};

function complain(sentence) {
  at("source-error").textContent = sentence;
  at("source-error").hidden = !sentence;
}

function show() {
  const picture = at("source-picture");
  if (picture.src.startsWith("blob:")) URL.revokeObjectURL(picture.src);
  at("source-chosen").hidden = chosen === null;
  at("source-file").hidden = chosen !== null;
  at("source-hint").hidden = chosen !== null;
  at("strength-field").hidden = chosen === null;
  if (chosen === null) picture.removeAttribute("src");
  else picture.src = chosen.file ? URL.createObjectURL(chosen.file) : chosen.url;
  picture.alt = chosen ? "The picture to begin with" : "";
  at("source-name").textContent = chosen ? chosen.label : "";
  changed();
}

function take(file) {
  if (!file) return;
  if (!TYPES.includes(file.type)) {
    complain("That is no picture of a kind that is taken: use PNG, JPEG, WEBP or GIF.");
    return;
  }
  if (file.size > MAX_BYTES) {
    complain("That picture is larger than 20 MB. Make it smaller first.");
    return;
  }
  complain("");
  chosen = { file, label: file.name || "Pasted picture" };
  show();
}

/** Begins with one of the user's own kept pictures. */
export function beginWith(name, url) {
  complain("");
  chosen = { source: name, url, label: name };
  show();
}

export function without() {
  chosen = null;
  at("source-file").value = "";
  complain("");
  show();
}

/** What of it goes with a wish: nothing, the bytes, or the name; and how much of it is to stay. */
export function ofWish() {
  if (chosen === null) return null;
  const strength = Number(at("strength").value) / 100;
  return chosen.file ? { file: chosen.file, strength } : { source: chosen.source, strength };
}

/** A file that is dropped anywhere is taken where the form is shown, and never opened instead of the page. */
function watchDrops(place) {
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const isShown = () => place.getClientRects().length > 0;
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (isShown()) place.dataset.over = "";
    else event.dataTransfer.dropEffect = "none";
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && delete place.dataset.over);
  document.addEventListener("drop", (event) => {
    delete place.dataset.over;
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (isShown()) take(event.dataTransfer.files[0]);
  });
}

export function watchSource(onChange) {
  changed = onChange;
  const place = at("source");
  const told = () => {
    at("strength-value").textContent = `${at("strength").value} %`;
  };
  at("strength").addEventListener("input", told);
  told();
  at("source-file").addEventListener("change", () => take(at("source-file").files[0]));
  at("source-off").addEventListener("click", () => {
    without();
    at("source-file").focus();
  });
  watchDrops(place);
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    take(file);
  });
}
