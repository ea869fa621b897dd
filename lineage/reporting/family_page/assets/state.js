// What the reader looks at, and the address that brings somebody else to the same view.

const MOST_OPEN_IN_ADDRESS = 60;

// What can be done with who is deleted, by the words of the address.
const GONE = ["shown", "hidden", "counted"];

const State = {
  selected: -1,
  // The row that fills the picture's first column.
  focus: 0,
  open: new Set([0]),
  _listeners: [],

  onChange(listener) {
    State._listeners.push(listener);
  },

  // Says what changed, so that nobody draws for nothing: "filters", "open", "selected", "focus".
  changed(...what) {
    for (const listener of State._listeners) listener(new Set(what));
    State.write();
  },

  // Chooses a row, opens the way to it and brings it into the picture.
  select(row, { zoom = true } = {}) {
    State.selected = row;
    for (const above of Tree.ancestors(row).slice(0, -1)) State.open.add(above);
    if (zoom || !Tree.holds(State.focus, row)) State.focus = Math.max(0, State.showing(row));
    State.changed("selected", "focus", "open");
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
    if (!Filters.shown(State.focus)) State.focus = 0;
    State.changed("filters", "open", "focus", "selected");
  },

  // The whole view as the part of an address after #.
  address() {
    const said = new URLSearchParams();
    const { relations, groups, license, least, until, undated, author, gone } = Filters.now;
    const standard = Filters.defaults();
    if (State.selected > 0) said.set("model", Tree.handle(State.selected));
    if (State.focus > 0 || State.selected > 0) said.set("zoom", Tree.handle(State.focus));
    if (relations) said.set("relations", [...relations].map((code) => Tree.data.relations[code]).join(" "));
    if (groups) for (const group of groups.size ? groups : [-1]) said.append("release", group < 0 ? "" : Tree.data.names[group]);
    if (license !== null) said.set("license", license ? Tree.data.coded.license[license - 1] : "");
    if (least !== standard.least) said.set("least", Tree.data.strengths[least]);
    if (until !== null) said.set("until", monthName(until));
    if (!undated) said.set("undated", "no");
    if (author) said.set("author", author);
    if (gone !== standard.gone) said.set("deleted", gone);
    const open = [...State.open].filter((row) => row > 0).sort((one, other) => one - other);
    for (const row of open.slice(0, MOST_OPEN_IN_ADDRESS)) said.append("open", Tree.handle(row));
    if (!open.length && State.selected > 0) said.set("open", "");
    return said.toString();
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
    const said = new URLSearchParams(hash.replace(/^#/, ""));
    const tree = Tree.data;
    const place = (words, word) => (words.indexOf(word) < 0 ? null : words.indexOf(word));
    const filters = Filters.defaults();
    if (said.has("relations")) {
      const named = said.get("relations").split(" ").map((word) => place(tree.relations, word));
      filters.relations = unlessForeign(said.getAll("relations"), named.filter((code) => code !== null));
    }
    if (said.has("release")) {
      const rows = said.getAll("release").map((name) => Tree.rowOf(`~${name}`));
      filters.groups = unlessForeign(said.getAll("release"), rows.filter((row) => row > 0));
    }
    if (said.has("license")) {
      const known = place(tree.coded.license, said.get("license"));
      filters.license = said.get("license") === "" ? 0 : known === null ? null : known + 1;
    }
    filters.least = place(tree.strengths, said.get("least")) ?? filters.least;
    filters.until = monthNumber(said.get("until"));
    filters.undated = said.get("undated") !== "no";
    filters.author = said.get("author") ?? "";
    filters.gone = GONE.find((one) => one === said.get("deleted")) ?? filters.gone;
    Filters.now = filters;
    Filters.apply();
    const rows = (name) => said.getAll(name).map(Tree.rowOf).filter((row) => row > 0);
    State.open = new Set([0, ...rows("open")]);
    State.selected = rows("model")[0] ?? -1;
    // An address that somebody wrote by hand names the model alone: the way to it is opened.
    const way = State.selected > 0 && !said.has("open") ? Tree.ancestors(State.selected) : [];
    for (const row of way.slice(0, -1)) State.open.add(row);
    State.focus = Math.max(0, said.has("zoom") ? Tree.rowOf(said.get("zoom")) : State.showing(State.selected));
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
  const found = /^(\d{4})-(\d{2})$/.exec(name ?? "");
  return found ? (Number(found[1]) - 1970) * 12 + Number(found[2]) - 1 : null;
}
