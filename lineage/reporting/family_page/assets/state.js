// What the reader looks at, and the address that brings somebody else to the same view.

const MOST_OPEN_IN_ADDRESS = 60;

// What can be done with deleted models, by the words of the address.
const DELETED_CHOICES = ["shown", "hidden", "counted"];

const VIEWS = ["tree", "graph", "list"];

const State = {
  selected: -1,
  view: "tree",
  // The row that fills the picture's first column.
  focus: 0,
  open: new Set([0]),
  _listeners: [],

  onChange(listener) {
    State._listeners.push(listener);
  },

  // Says what changed, so that only what changed is drawn anew: "filters", "open", "selected", "focus".
  changed(...what) {
    for (const listener of State._listeners) listener(new Set(what));
    State.write();
  },

  // Chooses a row, opens the branches above it and brings it into the picture.
  select(row, { zoom = true } = {}) {
    State.selected = row;
    for (const above of Tree.ancestors(row).slice(0, -1)) State.open.add(above);
    if (zoom || !Tree.holds(State.focus, row)) State.focus = Math.max(Tree.data.top, State.showing(row));
    State.changed("selected", "focus", "open");
  },

  zoom(row) {
    State.open.add(row);
    State.focus = row;
    State.changed("focus", "open");
  },

  // The row to fill the picture with, for a row to be seen: itself, or what it is drawn below.
  showing(row) {
    return row < 0 || Filters.hasBranches(row) ? row : Tree.data.parent[row];
  },

  unselect() {
    State.selected = -1;
    State.changed("selected");
  },

  toggle(row) {
    if (State.open.has(row)) State.open.delete(row);
    else State.open.add(row);
    State.changed("open");
  },

  setFilters(changes) {
    Filters.set(changes);
    if (!Filters.shown(State.focus)) State.focus = Tree.data.top;
    State.changed("filters", "open", "focus", "selected");
  },

  // The whole view as the part of an address after #.
  address() {
    const params = new URLSearchParams();
    const { relations, groups, license, least, until, undated, author, deleted } = Filters.now;
    const standard = Filters.defaults();
    if (State.view !== "tree") params.set("view", State.view);
    if (State.selected > 0) params.set("model", Tree.handle(State.selected));
    if (State.focus > Tree.data.top || State.selected > 0) params.set("zoom", Tree.handle(State.focus));
    if (relations) params.set("relations", [...relations].map((code) => Tree.data.relations[code]).join(" "));
    if (groups) for (const group of groups.size ? groups : [-1]) params.append("release", group < 0 ? "" : Tree.data.names[group]);
    if (license !== null) params.set("license", license ? Tree.data.coded.license[license - 1] : "");
    if (least !== standard.least) params.set("least", Tree.data.strengths[least]);
    if (until !== null) params.set("until", monthName(until));
    if (!undated) params.set("undated", "no");
    if (author) params.set("author", author);
    if (deleted !== standard.deleted) params.set("deleted", deleted);
    const open = [...State.open].filter((row) => row > Tree.data.top).sort((a, b) => a - b);
    for (const row of open.slice(0, MOST_OPEN_IN_ADDRESS)) params.append("open", Tree.handle(row));
    if (!open.length && State.selected > 0) params.set("open", "");
    return params.toString();
  },

  write() {
    const address = State.address();
    if (address === location.hash.slice(1)) return;
    // Some browsers refuse more than a hundred changes in half a minute.
    try {
      history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
    } catch {
      return;
    }
  },

  // Reads an address; whatever in it fits nothing here is left out.
  read(hash) {
    const params = new URLSearchParams(hash.replace(/^#/, ""));
    const tree = Tree.data;
    const place = (words, word) => (words.indexOf(word) < 0 ? null : words.indexOf(word));
    const filters = Filters.defaults();
    if (params.has("relations")) {
      const codes = params.get("relations").split(" ").map((word) => place(tree.relations, word));
      filters.relations = unlessForeign(params.getAll("relations"), codes.filter((code) => code !== null));
    }
    if (params.has("release")) {
      const rows = params.getAll("release").map((name) => Tree.rowOf(`~${name}`));
      filters.groups = unlessForeign(params.getAll("release"), rows.filter((row) => row > 0));
    }
    if (params.has("license")) {
      const at = place(tree.coded.license, params.get("license"));
      filters.license = params.get("license") === "" ? 0 : at === null ? null : at + 1;
    }
    filters.least = place(tree.strengths, params.get("least")) ?? filters.least;
    filters.until = monthNumber(params.get("until"));
    filters.undated = params.get("undated") !== "no";
    filters.author = params.get("author") ?? "";
    filters.deleted = DELETED_CHOICES.find((choice) => choice === params.get("deleted")) ?? filters.deleted;
    Filters.now = filters;
    Filters.apply();
    State.view = VIEWS.find((view) => view === params.get("view")) ?? "tree";
    const rows = (name) => params.getAll(name).map(Tree.rowOf).filter((row) => row > 0);
    State.open = new Set([tree.top, ...rows("open")]);
    State.selected = rows("model")[0] ?? -1;
    // An address that somebody wrote by hand names only the model: the branches above it are opened.
    const above = State.selected > 0 && !params.has("open") ? Tree.ancestors(State.selected) : [];
    for (const row of above.slice(0, -1)) State.open.add(row);
    State.focus = Math.max(tree.top, params.has("zoom") ? Tree.rowOf(params.get("zoom")) : State.showing(State.selected));
  },
};

// What is chosen, and nothing where nothing was; but an address of another family's file, whose
// words all mean nothing here, does not empty the tree.
function unlessForeign(words, chosen) {
  return chosen.length || !words.some((word) => word) ? new Set(chosen) : null;
}

function monthName(month) {
  return `${1970 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}`;
}

function monthNumber(name) {
  const match = /^(\d{4})-(\d{2})$/.exec(name ?? "");
  return match ? (Number(match[1]) - 1970) * 12 + Number(match[2]) - 1 : null;
}
