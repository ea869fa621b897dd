// The largest branches that so many lines hold, each with room for its name, chosen and placed as
// lineage/analysis/tree/prune.py and lineage/reporting/poster.py do it.

const LINE = 18;
// As high as a single model is where there are few.
const SINGLE = 3 * LINE;

// Nodes in the order in which they were chosen, each { row, parent, depth, weight, rest }: parent is
// a place in this list, rest what stands right below the row and is not drawn.
function chooseBranches(top, lines, deepest) {
  const nodes = [];
  const queue = [];
  let used = 1;
  const open = (row, parent) => {
    const depth = parent < 0 ? 0 : nodes[parent].depth + 1;
    const node = { row, parent, depth, weight: Filters.weight(row), undrawn: Filters.below(row), drawn: 0 };
    nodes.push(node);
    if (depth < deepest) offer(nodes.length - 1);
  };
  const offer = (at) => {
    const row = Filters.branches(nodes[at].row)[nodes[at].drawn];
    if (row !== undefined && (Filters.weight(row) || Tree.data.total[row])) queue.push([Tree.data.kind[row] === KIND.GROUP, Filters.weight(row), row, at]);
  };
  open(top, -1);
  while (queue.length) {
    let best = 0;
    for (let at = 1; at < queue.length; at++) {
      const [isGroup, weight, row] = queue[at];
      const [wasGroup, heaviest, first] = queue[best];
      if (isGroup !== wasGroup ? isGroup : weight !== heaviest ? weight > heaviest : row < first) best = at;
    }
    const [, weight, row, above] = queue.splice(best, 1)[0];
    const node = nodes[above];
    const cost = (node.drawn ? 1 - (node.undrawn > 0) : 0) + (node.undrawn > weight);
    if (used + cost > lines) continue;
    used += cost;
    node.undrawn -= weight;
    node.drawn++;
    offer(above);
    open(row, above);
  }
  for (const node of nodes) node.rest = node.drawn && node.undrawn ? restBelow(node) : null;
  return nodes;
}

// What is not drawn right below a node: how many branches, how many of them count and how many are
// roots, all models in them, and these by what their branches were made as.
function restBelow(node) {
  const rest = { branches: 0, counted: 0, models: node.undrawn, roots: 0, relations: new Map() };
  for (const row of Filters.branches(node.row).slice(node.drawn)) {
    const weight = Filters.weight(row);
    if (!weight) continue;
    const made = Tree.relation(row) ?? "root";
    rest.branches++;
    rest.counted += Filters.matched[row];
    rest.roots += made === "root" ? 1 : 0;
    rest.relations.set(made, (rest.relations.get(made) ?? 0) + weight);
  }
  return rest;
}

function restText({ branches, counted, models, roots }) {
  const below = Text.number(models - counted);
  if (!counted) return Text.count(roots === branches ? "rest_roots" : "rest_uncounted", branches, { below });
  return Text.count(models > counted ? "rest_below" : "rest", counted, { below });
}

// How many models descend from a row and how many are drawn below it; what the filters leave of it.
function numberText(row) {
  const drawn = Filters.below(row);
  const total = Tree.data.total[row];
  if (Filters.isNarrowed() || drawn === total) return drawn ? Text.number(drawn) : "";
  return Text.say("here", { total: Text.number(total), drawn: Text.number(drawn) });
}

// The same as a sentence.
function describeRow(row) {
  const drawn = Filters.below(row);
  const total = Tree.data.total[row];
  const parts = [Tree.label(row)];
  const relation = Tree.relation(row);
  if (relation) parts.push(Text.word(relation));
  if (Filters.isDeleted(row)) parts.push(Text.word("deleted"));
  parts.push(Text.count("descend", total));
  if (drawn !== total) parts.push(Text.say(drawn > total ? "drawn_more" : "drawn_of", { drawn: Text.number(drawn), total: Text.number(total) }));
  if (Tree.otherParents(row)) parts.push(Text.count("merge_of", Tree.otherParents(row)));
  return parts;
}

// Boxes { node, rest, column, top, height }: those right of a box are together as high as it.
function placeBoxes(nodes, height) {
  const atScale = (scale) => {
    const heights = nodes.map((node) => (node.rest ? Math.max(LINE, node.rest.models * scale) : 0));
    for (let at = nodes.length - 1; at >= 0; at--) {
      heights[at] ||= Math.max(LINE, nodes[at].weight * scale);
      if (nodes[at].parent >= 0) heights[nodes[at].parent] += heights[at];
    }
    return heights;
  };
  // Low boxes take a line all the same, so the scale that fills the height is found by halving.
  let low = 0;
  let high = Math.min(SINGLE, height / Math.max(1, nodes[0].weight));
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (atScale(middle)[0] > height) high = middle;
    else low = middle;
  }
  const heights = atScale(low);
  const next = [];
  const boxes = nodes.map((node, at) => {
    const top = node.parent < 0 ? 0 : next[node.parent];
    next[at] = top;
    if (node.parent >= 0) next[node.parent] += heights[at];
    return { node, rest: null, column: node.depth, top, height: heights[at] };
  });
  nodes.forEach((node, at) => {
    if (node.rest) boxes.push({ node, rest: node.rest, column: node.depth + 1, top: next[at], height: Math.max(LINE, node.rest.models * low) });
  });
  return boxes;
}
