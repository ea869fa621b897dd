// The family as columns: rows in the order of a walk, so that all below a row follows it.

const KIND = {
  FAMILY: 0, GROUP: 1, OFFICIAL: 2, MIRROR: 3, MODEL: 4, UNLISTED: 5, DELETED: 6, FILTERED: 7,
};
const TYPES = {
  u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i1: Int8Array, i4: Int32Array, f8: Float64Array,
};
const ALIGNED = 8;

// Base 85, four bytes as five digits; none of them means anything in HTML.
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%/()*+-;,=.?@^_:{|}~";

async function unpack(text) {
  const digit = new Uint8Array(128);
  [...DIGITS].forEach((letter, at) => (digit[letter.charCodeAt(0)] = at));
  // The last group may be short: it is read as if the largest digit followed.
  const groups = Math.ceil(text.length / 5);
  const words = new DataView(new ArrayBuffer(groups * 4));
  const packed = new Uint8Array(words.buffer, 0, Math.floor((text.length * 4) / 5));
  for (let at = 0; at < groups * 5; at += 5) {
    let word = 0;
    for (let it = at; it < at + 5; it++) word = word * 85 + (it < text.length ? digit[text.charCodeAt(it)] : 84);
    words.setUint32((at / 5) * 4, word);
  }
  const inflate = new DecompressionStream("deflate-raw");
  const block = await new Response(new Blob([packed]).stream().pipeThrough(inflate)).arrayBuffer();
  const length = Number(new DataView(block).getBigUint64(0, true));
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(block, ALIGNED, length)));
  const columns = {};
  for (const [name, [kind, at, size]] of Object.entries(head.columns)) {
    columns[name] = new TYPES[kind](block, ALIGNED + length + at, size);
  }
  return deriveColumns(head, columns);
}

// Adds what follows from the columns: parents and sizes of branches, groups, where edges begin.
function deriveColumns(head, columns) {
  const rows = head.models.length;
  const names = [];
  const models = [];
  const parent = new Int32Array(rows).fill(-1);
  const size = new Int32Array(rows).fill(1);
  const group = new Int32Array(rows);
  const edgeStart = new Uint32Array(rows + 1);
  const above = [];
  for (let row = 0; row < rows; row++) {
    const depth = columns.depth[row];
    if (depth) parent[row] = above[depth - 1];
    above[depth] = row;
    // A slash stands for the name of the model above.
    const owner = columns.owner[row];
    models[row] = owner ? head.models[row].replace("/", () => models[parent[row]]) : head.models[row];
    names[row] = owner ? `${head.owners[owner - 1]}/${models[row]}` : models[row];
    group[row] = depth > 1 ? group[parent[row]] : row;
    edgeStart[row + 1] = edgeStart[row] + columns.edges[row];
  }
  for (let row = rows - 1; row > 0; row--) size[parent[row]] += size[row];
  // The first row that says more than the one above it: a tree of one model begins at that model.
  let top = 0;
  while (top + 1 < rows && names[top + 1] === names[top] && size[top + 1] === size[top] - 1) top++;
  const month = months(columns.created_at);
  const missed = months(columns.missed_at);
  return { ...head, ...columns, names, rows, top, parent, size, group, edgeStart, month, missed };
}

// Months since January 1970; -1 where the day is unknown.
function months(days) {
  const month = new Int32Array(days.length).fill(-1);
  const monthOfDay = new Map();
  days.forEach((day, row) => {
    if (!day) return;
    if (!monthOfDay.has(day)) {
      const date = new Date((day - 1) * 86400000);
      monthOfDay.set(day, (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth());
    }
    month[row] = monthOfDay.get(day);
  });
  return month;
}

const Tree = {
  // Set once, when the data are there.
  data: null,

  label(row) {
    const name = Tree.data.names[row];
    return Tree.data.kind[row] === KIND.GROUP ? Text.word(name) : visible(name);
  },

  // What remains of a name when there is no room for its author.
  shortLabel(row) {
    const label = Tree.label(row);
    return label.slice(label.indexOf("/") + 1);
  },

  isRepository(row) {
    return Tree.data.kind[row] >= KIND.OFFICIAL;
  },

  relation(row) {
    const code = Tree.data.relation[row];
    return code < 0 ? null : Tree.data.relations[code];
  },

  author(row) {
    const name = Tree.data.names[row];
    return Tree.isRepository(row) && name.includes("/") ? name.slice(0, name.indexOf("/")) : "";
  },

  // The word of a coded column, or null where it is unknown.
  coded(column, row) {
    const code = Tree.data[column][row];
    return code ? Tree.data.coded[column][code - 1] : null;
  },

  ancestors(row) {
    const line = [];
    for (let at = row; at >= Tree.data.top; at = Tree.data.parent[at]) line.push(at);
    return line.reverse();
  },

  holds(row, below) {
    return below >= row && below < row + Tree.data.size[row];
  },

  // Every edge above a row: the parent's row, or null and its name for one outside the family.
  edgesAbove(row) {
    const { edgeStart, edgeParent, edgeStrength, edgeClaims, parent, outside } = Tree.data;
    const edges = [];
    for (let edge = edgeStart[row]; edge < edgeStart[row + 1]; edge++) {
      const code = edgeParent[edge];
      const above = code < 0 ? null : code || parent[row];
      const name = above === null ? visible(outside[-1 - code]) : Tree.label(above);
      const raw = above === null ? outside[-1 - code] : Tree.data.names[above];
      const isDrawn = code === 0;
      edges.push({ row: above, name, raw, isDrawn, strength: edgeStrength[edge], claims: edgeClaims[edge] });
    }
    return edges.sort((a, b) => b.isDrawn - a.isDrawn || b.strength - a.strength);
  },

  otherParents(row) {
    const { edgeStart, kind, parent } = Tree.data;
    if (kind[row] < KIND.MODEL) return 0;
    const drawnEdges = kind[parent[row]] === KIND.GROUP ? 0 : 1;
    return Math.max(0, edgeStart[row + 1] - edgeStart[row] - drawnEdges);
  },

  // The rows right below each row, by every edge and not only the drawn one.
  below() {
    if (!Tree._below) {
      const { rows, edgeStart, edgeParent, parent } = Tree.data;
      const start = new Uint32Array(rows + 2);
      const each = (visit) => {
        for (let row = 0; row < rows; row++) {
          for (let edge = edgeStart[row]; edge < edgeStart[row + 1]; edge++) {
            if (edgeParent[edge] >= 0) visit(edgeParent[edge] || parent[row], row, edge);
          }
        }
      };
      each((above) => start[above + 2]++);
      for (let row = 2; row < start.length; row++) start[row] += start[row - 1];
      const child = new Uint32Array(start[rows + 1]);
      const edgeOf = new Uint32Array(child.length);
      each((above, row, edge) => {
        child[start[above + 1]] = row;
        edgeOf[start[above + 1]++] = edge;
      });
      Tree._below = { start, child, edgeOf };
    }
    return Tree._below;
  },

  // Rows that come from a row and are drawn below another.
  drawnElsewhere(row) {
    const { start, child } = Tree.below();
    const rows = [];
    for (let at = start[row]; at < start[row + 1]; at++) {
      if (Tree.data.parent[child[at]] !== row && Filters.shown(child[at])) rows.push(child[at]);
    }
    return rows.sort((a, b) => Filters.weight(b) - Filters.weight(a) || a - b);
  },

  // The one row above that a path upwards continues with; -1 at a root.
  up(row) {
    const { kind, parent } = Tree.data;
    if (kind[row] < KIND.MODEL) return -1;
    if (kind[parent[row]] !== KIND.GROUP) return parent[row];
    const edge = Tree.edgesAbove(row).find((above) => above.row !== null && above.row !== row);
    return edge ? edge.row : -1;
  },

  rowOf(name) {
    if (!Tree._rowOf) {
      const { names, kind } = Tree.data;
      Tree._rowOf = new Map(names.map((name, row) => [kind[row] < KIND.OFFICIAL ? `~${name}` : name, row]));
    }
    return Tree._rowOf.get(name) ?? -1;
  },

  // A name for the address: groups begin with ~.
  handle(row) {
    return (Tree.data.kind[row] < KIND.OFFICIAL ? "~" : "") + Tree.data.names[row];
  },
};
