// The picture: each branch a box with its name and number, what was made of it at its right.

const Picture = {
  begin() {
    Picture._room = byId("picture");
    beginRoving(Picture._room, Picture);
    new ResizeObserver(() => Picture.draw()).observe(Picture._room.parentElement);
    State.onChange((what) => {
      if (["filters", "focus", "selected", "view"].some((part) => what.has(part))) Picture.draw();
    });
  },

  draw() {
    const room = Picture._room;
    const width = room.parentElement.clientWidth;
    if (State.view !== "tree" || !width) return;
    drawPath();
    const height = pictureHeight(width);
    const most = width < 600 ? 3 : width < 1050 ? 4 : 5;
    const nodes = chooseBranches(State.focus, Math.floor((height * SPARE) / LINE), most - 1);
    const boxes = placeBoxes(nodes, height);
    const columns = 1 + boxes.reduce((last, box) => Math.max(last, box.column), 0);
    // What everything shown comes from needs less room than what is to be compared.
    const isTurned = columns > 1 && boxes[0].height >= LEAST_TURNED;
    const first = isTurned ? (width < 600 ? 26 : 40) : width / columns;
    const second = columns > 2 && Tree.data.kind[State.focus] === KIND.FAMILY ? NARROW : 1;
    const each = columns > 1 ? (width - first) / (columns - 2 + second) : 0;
    const edges = [0, first, first + each * second];
    while (edges.length <= columns) edges.push(edges[edges.length - 1] + each);
    if (columns < 3) edges[columns] = width;
    const others = otherParentsOf(State.selected);
    room.style.height = `${boxes[0].height}px`;
    const elements = boxes.map((box) => {
      const wide = edges[box.column + 1] - edges[box.column] - 2;
      const element = box.rest ? Picture._rest(box) : Picture._branch(box, others, wide, isTurned);
      element.style.left = `${edges[box.column]}px`;
      element.style.top = `${box.top}px`;
      element.style.width = `${wide}px`;
      element.style.height = `${box.height - 2}px`;
      return element;
    });
    replaceRoving(room, elements);
    room.setAttribute("aria-label", Text.say("picture_label", { name: Tree.label(State.focus), n: Text.number(Filters.below(State.focus)) }));
  },

  _branch({ node, column, height }, others, width, isTurned) {
    const { row } = node;
    const kind = Tree.data.kind[row];
    const classes = ["branch", `is-${Tree.relation(row) ?? (kind < KIND.OFFICIAL ? "group" : "root")}`];
    if (Filters.isDeleted(row)) classes.push("is-deleted");
    if (kind === KIND.FILTERED || (kind === KIND.MODEL && !Filters.matched[row])) classes.push("is-pale");
    if (others.has(row)) classes.push("is-other");
    const turns = !column && isTurned;
    const isHigh = !turns && height >= 2 * LINE + 4;
    if (turns) classes.push("is-turned");
    if (isHigh) classes.push("is-high");
    const marks = (Filters.isDeleted(row) ? `${DELETED_MARK} ` : "") + (Tree.otherParents(row) ? `${MERGE} ` : "");
    const number = numberText(row);
    // Models below one branch often share an owner: the name tells them apart, so the owner goes first.
    const room = (turns ? height : width) - 16 - (isHigh ? 0 : textWidth(number, FONT) + 10);
    const isWhole = textWidth(marks + Tree.label(row), FONT) <= room;
    const label = isWhole ? Tree.label(row) : Tree.shortLabel(row);
    const cut = label.indexOf("/") + 1;
    return make(
      "div",
      {
        role: "treeitem", class: classes.join(" "), "data-row": row, "aria-level": node.depth + 1,
        "aria-selected": String(row === State.selected), "aria-label": describeRow(row).join(", "),
      },
      make("span", { class: "mark" }, marks), make("span", { class: "owner" }, label.slice(0, cut)),
      make("span", { class: "model" }, label.slice(cut)), make("span", { class: "count" }, number),
    );
  },

  _rest({ node, rest }) {
    const text = restText(rest);
    const element = make(
      "div",
      { role: "treeitem", class: "branch is-rest", "data-rest": node.row, "aria-level": node.depth + 2, "aria-selected": "false", "aria-label": text },
      make("span", { class: "model" }, text),
    );
    // What is summed up looks like what it sums up, only paler.
    let at = 0;
    const bands = [...rest.relations].sort((a, b) => b[1] - a[1]).map(([made, models]) => {
      const from = at;
      at += (100 * models) / rest.models;
      return `var(--fill-${made}) ${from}% ${at}%`;
    });
    element.style.setProperty("--bands", `linear-gradient(90deg, ${bands.join(", ")})`);
    return element;
  },

  describe(element) {
    return element.dataset.row === undefined ? [element.getAttribute("aria-label")] : describeRow(Number(element.dataset.row));
  },
};

// Part of the height that lines may need: the rest lets the large be larger.
const SPARE = 0.92;
// Releases need less room than what was made of them.
const NARROW = 0.62;
const LEAST_TURNED = 150;
const MOST_STEPS = 8;
const FONT = "13.2px";
const MERGE = "\u22c8";
const DELETED_MARK = "\u2020";

// As high as the window leaves room for below all that stands above it.
function pictureHeight(width) {
  return width < 600 ? 560 : Math.max(460, Math.min(820, window.innerHeight - 280));
}

function otherParentsOf(row) {
  if (row < 0) return new Set();
  return new Set(Tree.edgesAbove(row).filter((edge) => edge.row !== null).map((edge) => edge.row));
}

// The path from the family to what the picture begins with, to go back by.
function drawPath() {
  const line = Tree.ancestors(State.focus);
  // Some people fine-tune their own model a thousand times over.
  const shown = line.length > MOST_STEPS ? [line[0], ...line.slice(1 - MOST_STEPS)] : line;
  const steps = shown.map((row) => {
    const button = make("button", { type: "button", class: "step", "aria-current": row === State.focus ? "true" : null }, Tree.label(row));
    button.addEventListener("click", () => State.zoom(row));
    return make("li", {}, button);
  });
  byId("path").replaceChildren(...steps);
}

// One stop for the keyboard: arrow keys move to the nearest neighbour, Enter or a click shows
// details, Enter again or a second click goes deeper. Whatever is pointed at says more.
function beginRoving(room, { describe }) {
  const item = (event) => event.target.closest?.("[role=treeitem]");
  room.addEventListener("click", (event) => {
    const element = item(event);
    if (element) choose(element);
  });
  room.addEventListener("keydown", (event) => {
    const element = item(event);
    if (!element || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") choose(element);
    else if (event.key in DIRECTIONS) nearest(room, element, DIRECTIONS[event.key])?.focus();
    else return;
    event.preventDefault();
  });
  room.addEventListener("focusin", (event) => {
    const element = item(event);
    if (!element) return;
    for (const other of room.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
    element.tabIndex = 0;
    Tip.show(describe(element), element);
  });
  room.addEventListener("focusout", () => Tip.hide());
  room.addEventListener("pointerover", (event) => (item(event) ? Tip.show(describe(item(event)), item(event)) : Tip.hide()));
  room.addEventListener("pointerleave", () => Tip.hide());
}

const DIRECTIONS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

function choose(element) {
  const { row, rest } = element.dataset;
  if (rest !== undefined) {
    // What is folded unfolds in a picture of its own, then in the list.
    if (Number(rest) !== State.focus) State.zoom(Number(rest));
    else {
      State.open.add(Number(rest));
      State.changed("open");
      Views.show("list");
      Outline.reveal(Number(rest));
    }
  } else if (Number(row) === State.selected && Filters.hasBranches(Number(row))) State.zoom(Number(row));
  else State.select(Number(row), { zoom: false });
}

function nearest(room, from, [x, y]) {
  const start = from.getBoundingClientRect();
  let best = null;
  let least = Infinity;
  for (const element of room.querySelectorAll("[role=treeitem]")) {
    const box = element.getBoundingClientRect();
    const across = box.x + box.width / 2 - start.x - start.width / 2;
    const down = box.y + box.height / 2 - start.y - start.height / 2;
    const ahead = across * x + down * y;
    // A neighbour's middle counts where it is beside, its nearer edge where it is a high box.
    const overlap = Math.max(0, x ? Math.max(start.y - box.bottom, box.y - start.bottom) : Math.max(start.x - box.right, box.x - start.right));
    const beside = 3 * overlap + 0.1 * Math.abs(across * y + down * x);
    if (ahead > 2 && ahead + beside < least) [best, least] = [element, ahead + beside];
  }
  return best;
}

// Puts elements into a room; the keyboard stays where it was.
function replaceRoving(room, elements) {
  const held = room.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  room.replaceChildren(...elements);
  Tip.hide();
  const active = elements.find((element) => keyOf(element) === held) ?? elements.find((element) => Number(element.dataset.row) === State.selected);
  for (const element of elements) if (element.getAttribute("role") === "treeitem") element.tabIndex = -1;
  const first = active ?? elements.find((element) => element.getAttribute("role") === "treeitem");
  if (!first) return;
  first.tabIndex = 0;
  if (held !== null && active) active.focus({ preventScroll: true });
}

function keyOf(element) {
  return `${element.dataset.row} ${element.dataset.rest}`;
}

// What an element stands for, beside it.
const Tip = {
  show(lines, element) {
    const tip = byId("tip");
    tip.replaceChildren(...lines.map((line, at) => make(at ? "span" : "strong", {}, line)));
    tip.hidden = false;
    const stage = tip.parentElement.getBoundingClientRect();
    const box = element.getBoundingClientRect();
    const left = Math.min(box.x - stage.x + 12, stage.width - tip.offsetWidth - 4);
    const below = box.y - stage.y + Math.min(box.height, 44) + 4;
    tip.style.left = `${Math.max(left, 4)}px`;
    tip.style.top = `${below + tip.offsetHeight > stage.height ? Math.max(0, box.y - stage.y - tip.offsetHeight - 4) : below}px`;
  },

  hide() {
    byId("tip").hidden = true;
  },
};
