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
  Icicle.begin();
  Outline.begin();
  Details.begin();
  Search.begin();
  Controls.begin();
  Outline.list();
  Details.draw();
  if (State.selected >= 0) Outline.reveal(State.selected);
  Icicle.draw();
  window.addEventListener("hashchange", () => {
    if (location.hash.slice(1) === State.address()) return;
    State.read(location.hash);
    State.changed("filters", "open", "selected", "focus");
    if (State.selected >= 0) Outline.reveal(State.selected);
  });
  document.documentElement.dataset.ready = "true";
  performance.mark("ready");
}

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
      document.querySelector(".how").open = true;
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
    Icicle.draw();
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
