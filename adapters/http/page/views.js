// The views of the page: one is shown, the address says which, and each is told when it comes into sight and leaves it.

const views = [...document.querySelectorAll(".view")];
const links = [...document.querySelectorAll("#views a")];
const watchers = new Map();
let shown = "make-view";

const wanted = () => {
  const name = location.hash.slice(1);
  const link = links.find((one) => one.hash === location.hash);
  const may = !link?.dataset.needs || document.documentElement.dataset.scope === link.dataset.needs;
  return views.some((view) => view.dataset.view === name) && may ? name : "make-view";
};

function show({ focus }) {
  const name = wanted();
  for (const view of views) view.hidden = view.dataset.view !== name;
  for (const link of links) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (name !== shown) watchers.get(shown)?.left?.();
  shown = name;
  watchers.get(name)?.came?.();
  if (focus) views.find((view) => view.dataset.view === name).querySelector("h2")?.focus({ preventScroll: true });
}

/** `came` is called when the view comes into sight, `left` when it leaves it. */
export const watch = (name, watcher) => watchers.set(name, watcher);

export const isShown = (name) => shown === name;

/** Shows the view that the address names, now and whenever it changes. */
export function startViews() {
  addEventListener("hashchange", () => show({ focus: true }));
  show({ focus: false });
}
