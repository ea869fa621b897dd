// The same branches as nodes and links, placed by d3-force; other parents are dashed links.

const Graph = {
  begin() {
    Graph._room = byId("graph");
    beginRoving(Graph._room, Picture);
    new ResizeObserver(() => Graph.draw()).observe(Graph._room.parentElement);
    State.onChange((what) => {
      if (["filters", "focus", "selected", "view"].some((part) => what.has(part))) Graph.draw();
    });
  },

  draw() {
    const room = Graph._room;
    const width = room.parentElement.clientWidth;
    if (State.view !== "graph" || !width) return;
    drawPath();
    const height = pictureHeight(width);
    room.style.height = `${height}px`;
    const key = [State.focus, Filters.version, width, height].join();
    if (key !== Graph._key) {
      Graph._key = key;
      Graph._nodes = placeNodes(chooseBranches(State.focus, width < 600 ? 20 : 52, 9), width, height);
    }
    const nodes = Graph._nodes;
    const others = otherParentsOf(State.selected);
    const labels = labelNodes(nodes, width);
    const lines = svg("svg", { class: "links", width, height, "aria-hidden": "true" });
    for (const { from, to, isDrawn } of linksOf(nodes)) {
      lines.append(svg("line", { class: isDrawn ? "drawn" : "other", x1: from.x, y1: from.y, x2: to.x, y2: to.y }));
    }
    const elements = nodes.map((node, at) => {
      const { row } = node;
      const kind = Tree.data.kind[row];
      const classes = ["node", `is-${Tree.relation(row) ?? (kind < KIND.OFFICIAL ? "group" : "root")}`];
      if (Filters.isDeleted(row)) classes.push("is-deleted");
      if (others.has(row)) classes.push("is-other");
      const label = labels.get(at);
      classes.push(`label-${label?.side ?? "none"}`);
      const element = make(
        "div",
        {
          role: "treeitem", class: classes.join(" "), "data-row": row, "aria-level": node.depth + 1,
          "aria-selected": String(row === State.selected), "aria-label": describeRow(row).join(", "),
        },
        make("span", { class: "node-label" }, nodeLabel(row), make("b", {}, label?.number ? ` ${label.number}` : "")),
      );
      element.style.left = `${node.x - node.r}px`;
      element.style.top = `${node.y - node.r}px`;
      element.style.width = element.style.height = `${2 * node.r}px`;
      return element;
    });
    replaceRoving(room, [lines, ...elements]);
    room.setAttribute("aria-label", Text.say("graph_label", { name: Tree.label(State.focus), n: Text.number(nodes.length) }));
  },
};

function nodeLabel(row) {
  const label = Tree.shortLabel(row);
  return label.length > 30 ? `${label.slice(0, 29)}\u2026` : label;
}

// Adds to each node where it lies and how large it is: as large as the models that it holds.
function placeNodes(nodes, width, height) {
  const scale = Math.min(width, height) / 9 / Math.sqrt(Math.max(1, nodes[0].weight));
  for (const node of nodes) node.r = Math.max(4, scale * Math.sqrt(node.weight));
  const links = nodes.flatMap((node, at) => (node.parent < 0 ? [] : [{ source: node.parent, target: at }]));
  const wide = width / height;
  d3.forceSimulation(nodes)
    .stop()
    .force("link", d3.forceLink(links).distance(({ source, target }) => source.r + target.r + 22).strength(0.9))
    .force("charge", d3.forceManyBody().strength(-190))
    .force("x", d3.forceX().strength(0.05 / wide))
    .force("y", d3.forceY().strength(0.05 * wide))
    .force("collide", d3.forceCollide((node) => node.r + 13))
    .tick(260);
  // Drawn into the room, with a margin for the labels on either side.
  const margin = width < 600 ? 60 : 130;
  const span = (get) => [Math.min(...nodes.map(get)), Math.max(...nodes.map(get))];
  const [left, right] = span((node) => node.x);
  const [top, bottom] = span((node) => node.y);
  for (const node of nodes) {
    node.x = margin + ((node.x - left) / Math.max(1, right - left)) * (width - 2 * margin);
    node.y = 30 + ((node.y - top) / Math.max(1, bottom - top)) * (height - 60);
    node.x = Math.min(Math.max(node.x, node.r + 2), width - node.r - 2);
    node.y = Math.min(Math.max(node.y, node.r + 2), height - node.r - 2);
  }
  return nodes;
}

function linksOf(nodes) {
  const placeOf = new Map(nodes.map((node) => [node.row, node]));
  const links = nodes.filter((node) => node.parent >= 0).map((node) => ({ from: nodes[node.parent], to: node, isDrawn: true }));
  for (const node of nodes) {
    if (Tree.data.kind[node.row] < KIND.MODEL) continue;
    for (const edge of Tree.edgesAbove(node.row)) {
      if (!edge.isDrawn && placeOf.has(edge.row) && edge.strength >= Filters.now.least) links.push({ from: placeOf.get(edge.row), to: node, isDrawn: false });
    }
  }
  return links;
}

// Where the label of each node stands so that it lies over no other label nor node, the largest
// nodes first: in a large circle, else beside it, above or below; the name alone where its number
// has no room.
function labelNodes(nodes, width) {
  const placed = nodes.map((node) => [node.x - node.r, node.y - node.r, node.x + node.r, node.y + node.r]);
  const labels = new Map();
  const order = nodes.map((_, at) => at).sort((a, b) => nodes[b].weight - nodes[a].weight);
  for (const at of order) {
    const { x, y, r, row } = nodes[at];
    const tries = [numberText(row), ""].flatMap((number) => {
      const room = textWidth(`${nodeLabel(row)} ${number}`, "600 13px") + 4;
      const left = { middle: x - room / 2, right: x + r + 3, left: x - r - 3 - room, above: x - room / 2, below: x - room / 2 };
      const middle = { middle: y, right: y, left: y, above: y - r - 9, below: y + r + 9 };
      const ways = 2 * r > room ? ["middle"] : ["right", "left", "below", "above"];
      return ways.map((side) => ({ side, number, box: [left[side], middle[side] - 8, left[side] + room, middle[side] + 8] }));
    });
    const isFree = ({ box }) =>
      box[0] >= 0 && box[2] <= width &&
      placed.every((other, it) => it === at || box[0] > other[2] || other[0] > box[2] || box[1] > other[3] || other[1] > box[3]);
    const label = tries.find(isFree);
    if (!label) continue;
    placed.push(label.box);
    labels.set(at, label);
  }
  return labels;
}

function svg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
