// The outline: a tree grid of which only the rows in sight are in the document.

const Outline = {
  // The rows now open to sight, from top to bottom, with place among their neighbours.
  rows: [],
  _places: new Map(),
  _active: 0,

  begin() {
    Outline._grid = byId("outline");
    Outline._space = byId("rows");
    const grid = Outline._grid;
    grid.addEventListener("scroll", () => requestAnimationFrame(() => Outline._draw()), { passive: true });
    grid.addEventListener("keydown", (event) => Outline._key(event));
    Outline._space.addEventListener("click", (event) => Outline._click(event));
    new ResizeObserver(() => Outline._draw()).observe(grid);
    State.onChange((what) => {
      if (what.has("filters") || what.has("open")) Outline.list();
      else if (what.has("selected")) Outline._draw();
    });
  },

  // Lists the rows again, after something was opened, closed or filtered.
  list() {
    const active = Outline.rows[Outline._active] ?? Tree.data.top;
    Outline.rows = [];
    Outline._places = new Map();
    const stack = [[Tree.data.top, 1, 1]];
    while (stack.length) {
      const [row, place, of] = stack.pop();
      Outline.rows.push(row);
      Outline._places.set(row, [place, of]);
      if (!State.open.has(row)) continue;
      const branches = Filters.branches(row);
      for (let at = branches.length - 1; at >= 0; at--) stack.push([branches[at], at + 1, branches.length]);
    }
    Outline._grid.setAttribute("aria-rowcount", Outline.rows.length + 1);
    Outline._active = Outline._nearest(active);
    Outline._draw();
  },

  // Scrolls to a row; the branches above it are open.
  reveal(row) {
    const at = Outline.rows.indexOf(row);
    if (at < 0) return;
    Outline._active = at;
    Outline._scrollTo(at, true);
    Outline._draw();
  },

  // The row itself, or what it is below if it went out of sight.
  _nearest(row) {
    for (let at = row; at >= 0; at = Tree.data.parent[at]) {
      if (Outline._places.has(at)) return Outline.rows.indexOf(at);
    }
    return 0;
  },

  _rowHeight() {
    return matchMedia("(pointer: coarse)").matches ? 42 : 32;
  },

  _scrollTo(at, toMiddle = false) {
    const height = Outline._rowHeight();
    const grid = Outline._grid;
    const room = grid.clientHeight - height;
    const top = at * height;
    if (toMiddle && (top < grid.scrollTop || top > grid.scrollTop + room - height)) {
      grid.scrollTop = Math.max(0, top - room / 2);
    } else if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top > grid.scrollTop + room - height) grid.scrollTop = top - room + height;
  },

  _draw() {
    const height = Outline._rowHeight();
    const grid = Outline._grid;
    Outline._space.style.height = `${Outline.rows.length * height}px`;
    const first = Math.max(0, Math.floor(grid.scrollTop / height) - 4);
    const last = Math.min(Outline.rows.length, first + Math.ceil(grid.clientHeight / height) + 8);
    const drawn = [];
    if (Outline._active < first) drawn.push(Outline._line(Outline._active, height));
    for (let at = first; at < last; at++) drawn.push(Outline._line(at, height));
    if (Outline._active >= last && Outline.rows.length) drawn.push(Outline._line(Outline._active, height));
    Outline._space.replaceChildren(...drawn);
    grid.setAttribute("aria-activedescendant", `row${Outline.rows[Outline._active]}`);
  },

  _line(at, height) {
    const row = Outline.rows[at];
    const depth = Tree.data.depth[row] - Tree.data.depth[Tree.data.top];
    const kind = Tree.data.kind[row];
    const [place, of] = Outline._places.get(row);
    const hasBranches = Filters.hasBranches(row);
    const open = State.open.has(row);
    const isFiltered = kind === KIND.FILTERED || (kind === KIND.MODEL && !Filters.matched[row]);
    const deleted = Filters.isDeleted(row);
    const relation = Tree.relation(row);
    const classes = ["line"];
    if (at === Outline._active) classes.push("active");
    if (isFiltered) classes.push("filtered");
    if (kind < KIND.OFFICIAL) classes.push("heading");
    if (deleted) classes.push("deleted");
    const line = make("div", {
      role: "row", id: `row${row}`, class: classes.join(" "), "data-row": row,
      "aria-rowindex": at + 2, "aria-level": depth + 1, "aria-posinset": place, "aria-setsize": of,
      "aria-selected": String(row === State.selected),
      "aria-expanded": hasBranches ? String(open) : null,
    });
    line.style.transform = `translateY(${at * height}px)`;
    line.style.height = `${height}px`;
    const name = make("div", { role: "gridcell", class: "name" });
    name.style.setProperty("--depth", Math.min(depth, 12));
    name.append(make("span", { class: hasBranches ? "twist" : "leaf", "aria-hidden": "true" }, hasBranches ? (open ? "\u25be" : "\u25b8") : ""));
    const parents = Tree.otherParents(row);
    if (parents) name.append(make("span", { class: "merge", title: Text.count("merge_of", parents) }, make("span", { "aria-hidden": "true" }, MERGE), make("span", { class: "unseen" }, Text.count("merge_of", parents))));
    name.append(make("span", { class: "label", title: Tree.label(row) }, Tree.label(row)));
    if (deleted) name.append(make("span", { class: "deleted-word" }, DELETED_MARK, make("span", { class: "deleted-long" }, ` ${Text.word("deleted")}`)));
    const made = make("div", { role: "gridcell", class: "made" });
    const word = relation ?? { [KIND.OFFICIAL]: "official", [KIND.MIRROR]: "mirror" }[kind];
    if (word) made.append(make("span", { class: `dot ${relation ? `is-${relation}` : "is-root"}`, "aria-hidden": "true" }), make("span", { class: "made-word" }, Text.word(word)));
    if (Tree.data.strength[row] === 0 && kind >= KIND.MODEL) made.append(make("span", { class: "guess" }, Text.word("inferred")));
    const below = Filters.below(row);
    const number = make("div", { role: "gridcell", class: "below" }, below ? Text.number(below) : "");
    const bar = make("span", { class: "bar", "aria-hidden": "true" });
    bar.style.width = `${below ? Math.max(1, (100 * below) / Math.max(1, Filters.below(0))) : 0}%`;
    number.append(bar);
    line.append(name, made, number);
    return line;
  },

  _click(event) {
    const line = event.target.closest("[data-row]");
    if (!line) return;
    const row = Number(line.dataset.row);
    Outline._active = Outline.rows.indexOf(row);
    if (event.target.closest(".twist")) State.toggle(row);
    else State.select(row);
  },

  _key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = Outline._active;
    const row = Outline.rows[at];
    const page = Math.max(1, Math.floor(Outline._grid.clientHeight / Outline._rowHeight()) - 2);
    const isOpen = State.open.has(row) && Filters.hasBranches(row);
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: Outline.rows.length - 1 };
    if (event.key in steps) Outline._move(steps[event.key]);
    else if (event.key === "ArrowRight") {
      if (isOpen) Outline._move(at + 1);
      else if (Filters.hasBranches(row)) State.toggle(row);
    } else if (event.key === "ArrowLeft") {
      if (isOpen) State.toggle(row);
      else if (row > Tree.data.top) Outline._move(Outline.rows.indexOf(Tree.data.parent[row]));
    } else if (event.key === "Enter" || event.key === " ") State.select(row);
    else return;
    event.preventDefault();
  },

  _move(at) {
    Outline._active = Math.max(0, Math.min(Outline.rows.length - 1, at));
    Outline._scrollTo(Outline._active);
    Outline._draw();
  },
};
