// The order in which the page comes to life.

async function begin() {
  Theme.begin();
  const element = byId("data");
  byId("loading").hidden = false;
  if (typeof DecompressionStream === "undefined") return refuse(element.dataset.old);
  try {
    Tree.data = await unpack(element.textContent);
  } catch (error) {
    return refuse(element.dataset.failed.replace("{reason}", String(error)));
  }
  element.remove();
  Text.use(Tree.data);
  State.read(location.hash);
  byId("explorer").hidden = false;
  byId("loading").remove();
  Picture.begin();
  Graph.begin();
  Outline.begin();
  Details.begin();
  Search.begin();
  Controls.begin();
  Views.begin();
  Outline.list();
  Details.draw();
  Views.show(State.view);
  window.addEventListener("hashchange", () => {
    // A link to a part of the page is no view of the tree.
    if (location.hash.slice(1) === State.address() || byId(location.hash.slice(1))) return;
    State.read(location.hash);
    State.changed("filters", "open", "selected", "focus");
    Views.show(State.view);
    if (State.selected >= 0) Outline.reveal(State.selected);
  });
  document.documentElement.dataset.ready = "true";
  performance.mark("ready");
  // What a search looks through is made ready before the first letter is typed.
  setTimeout(() => Search._names(), 300);
}

// One of three views is seen: the tree as boxes, the graph, the list of all.
const Views = {
  begin() {
    const tabs = VIEWS.map((name) => byId(`tab-${name}`));
    tabs.forEach((tab, at) => {
      tab.addEventListener("click", () => Views.show(VIEWS[at]));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = (at + step + tabs.length) % tabs.length;
        Views.show(VIEWS[next]);
        tabs[next].focus();
        event.preventDefault();
      });
    });
  },

  show(view) {
    for (const name of VIEWS) {
      byId(`tab-${name}`).setAttribute("aria-selected", String(name === view));
      byId(`tab-${name}`).tabIndex = name === view ? 0 : -1;
      byId(`pane-${name}`).hidden = name !== view;
    }
    byId("path").parentElement.hidden = view === "list";
    State.view = view;
    State.changed("view");
    if (view === "list" && State.selected >= 0) Outline.reveal(State.selected);
  },
};

function refuse(words) {
  byId("loading").textContent = words;
}

// Dark, light, or as the system has it; kept where the browser lets a file keep anything.
const Theme = {
  begin() {
    const choice = byId("colors");
    choice.value = Theme._kept() ?? "auto";
    Theme._wear(choice.value);
    choice.addEventListener("change", () => {
      Theme._wear(choice.value);
      Theme._keep(choice.value);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => Theme._redraw());
    // Paper is white, whatever the screen is, and nobody can open what is folded on it.
    window.addEventListener("beforeprint", () => {
      byId("more-how").parentElement.open = true;
      Theme._wear("light");
    });
    window.addEventListener("afterprint", () => Theme._wear(choice.value));
  },

  _wear(name) {
    document.documentElement.dataset.theme = name;
    Theme._redraw();
  },

  _redraw() {
    if (!Tree.data || document.documentElement.dataset.ready !== "true") return;
    Controls._drawMonths();
  },

  _kept() {
    try {
      const choice = localStorage.getItem("lineage-colors");
      return ["auto", "light", "dark"].includes(choice) ? choice : null;
    } catch {
      return null;
    }
  },

  _keep(name) {
    try {
      localStorage.setItem("lineage-colors", name);
    } catch {
      return;
    }
  },
};

begin();
