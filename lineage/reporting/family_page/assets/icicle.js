// The picture: each model a bar as high as what lies below it, its branches to its right.

const Icicle = {
  // What was drawn, for the pointer: [row or -1 for small branches, x, y, width, height, parent].
  _drawn: [],
  _canvas: null,
  _columns: 1,

  begin() {
    Icicle._canvas = byId("picture");
    Icicle._tip = byId("tip");
    const canvas = Icicle._canvas;
    canvas.addEventListener("click", (event) => Icicle._click(event));
    canvas.addEventListener("pointermove", (event) => Icicle._point(event));
    canvas.addEventListener("pointerleave", () => Icicle._showTip(null));
    new ResizeObserver(() => Icicle.draw()).observe(canvas.parentElement);
    State.onChange((what) => {
      if (["filters", "focus", "selected"].some((part) => what.has(part))) Icicle.draw();
    });
  },

  draw() {
    const canvas = Icicle._canvas;
    const width = canvas.parentElement.clientWidth;
    const height = width < 600 ? 380 : 460;
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.font = `${FONT_SIZE}px ${getComputedStyle(canvas).fontFamily}`;
    pen.textBaseline = "middle";
    Icicle._colors = colors();
    Icicle._drawn = [];
    Icicle._others = otherParentsOf(State.selected);
    pen.clearRect(0, 0, width, height);
    const most = Math.min(8, Math.max(3, Math.round(width / 170)));
    const columns = Math.min(most, Icicle._depthBelow(State.focus, most));
    Icicle._columns = columns;
    // What everything shown comes from needs less room than what is to be compared.
    const first = columns > 1 ? (width / columns) * FIRST : width;
    Icicle._left = [0, first];
    for (let at = 2; at <= columns; at++) Icicle._left.push(first + ((width - first) * (at - 1)) / (columns - 1));
    Icicle._bar(pen, State.focus, 0, height, 0);
    Icicle._path();
    const label = Text.say("picture_label", {
      name: Tree.label(State.focus), n: Text.number(Filters.below(State.focus)),
    });
    canvas.setAttribute("aria-label", label);
  },

  // How count columns the branches of a row fill, up to a bound.
  _depthBelow(row, most) {
    const { depth, size } = Tree.data;
    let deepest = depth[row];
    for (let at = row; at < row + size[row] && deepest - depth[row] + 1 < most; at++) {
      if (depth[at] > deepest && Filters.weight(at) > 0) deepest = depth[at];
    }
    return deepest - depth[row] + 1;
  },

  _bar(pen, row, y, height, column) {
    const [x, right, end] = Icicle._left.slice(column, column + 3);
    Icicle._paint(pen, row, x, y, right - x, height);
    const total = Filters.weight(row);
    if (end === undefined || !total) return;
    let top = y;
    const branches = Filters.branches(row);
    for (let at = 0; at < branches.length; at++) {
      const share = (height * Filters.weight(branches[at])) / total;
      if (share < SMALLEST) {
        Icicle._small(pen, row, branches.slice(at), [right, top, end - right], height / total);
        return;
      }
      Icicle._bar(pen, branches[at], top, share, column + 1);
      top += share;
    }
  },

  _paint(pen, row, x, y, width, height) {
    const { fill, text, faint, mark } = Icicle._colors;
    const kind = Tree.data.kind[row];
    const relation = Tree.relation(row);
    const matched = kind === KIND.MODEL ? Filters.matched[row] : kind !== KIND.FILTERED;
    pen.fillStyle = relation ? fill[relation] : fill[kind < KIND.OFFICIAL ? "group" : "root"];
    pen.globalAlpha = matched ? 1 : 0.35;
    pen.fillRect(x, y, width - 1, Math.max(height - (height > 3 ? 1 : 0), 0.5));
    pen.globalAlpha = 1;
    if (Filters.isDeleted(row)) hatch(pen, x, y, width - 1, height - 1, Icicle._colors);
    const isOther = Icicle._others.has(row);
    if (row === State.selected || isOther) {
      pen.strokeStyle = mark;
      pen.lineWidth = 2;
      pen.setLineDash(isOther ? [4, 3] : []);
      pen.strokeRect(x + 1, y + 1, width - 3, Math.max(height - 3, 1));
      pen.setLineDash([]);
    }
    Icicle._drawn.push([row, x, y, width, height, row]);
    if (height < LINE) return;
    const room = width - 12;
    const merge = (Filters.isDeleted(row) ? `${DELETED_MARK} ` : "") + (Tree.otherParents(row) ? `${MERGE} ` : "");
    const full = merge + Tree.label(row);
    const name = pen.measureText(full).width <= room ? full : merge + Tree.shortLabel(row);
    pen.fillStyle = text;
    const second = height >= 2 * LINE + 4 && Filters.below(row) > 0;
    const middle = y + (second ? Math.min(height / 2 - LINE / 2, 60) : height / 2);
    pen.fillText(fitText(pen, name, room), x + 6, middle);
    if (second) {
      pen.fillStyle = faint;
      const below = Text.count("below", Filters.below(row));
      pen.fillText(fitText(pen, pen.measureText(below).width <= room ? below : Text.number(Filters.below(row)), room), x + 6, middle + LINE);
    }
  },

  // Branches too small for bars of their own: one ruled block, a band for each relation.
  _small(pen, parent, branches, [x, y, width], scale) {
    const { fill, paper, faint } = Icicle._colors;
    const bands = new Map();
    let height = 0;
    let count = 0;
    for (const row of branches) {
      const share = Filters.weight(row) * scale;
      if (!share) continue;
      const relation = Tree.relation(row) ?? "root";
      bands.set(relation, (bands.get(relation) ?? 0) + share);
      height += share;
      count++;
    }
    if (!count) return;
    let top = y;
    for (const [relation, share] of [...bands].sort((a, b) => b[1] - a[1])) {
      pen.fillStyle = fill[relation];
      pen.fillRect(x, top, width - 1, share);
      top += share;
    }
    pen.fillStyle = paper;
    for (let at = y + 1.5; at < y + height; at += 3) pen.fillRect(x, at, width - 1, 1);
    pen.fillRect(x, y + height - 1, width - 1, 1);
    Icicle._drawn.push([-1, x, y, width, height, parent, count]);
    if (height < LINE) return;
    const label = fitText(pen, Text.count("smaller", count), width - 14);
    const middle = y + Math.min(height / 2, 60);
    pen.fillRect(x + 4, middle - LINE / 2, pen.measureText(label).width + 6, LINE);
    pen.fillStyle = faint;
    pen.fillText(label, x + 7, middle + 0.5);
  },

  _at(event) {
    const box = Icicle._canvas.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    return Icicle._drawn.find(([, left, top, width, height]) => x >= left && x < left + width && y >= top && y < top + height);
  },

  _click(event) {
    const bar = Icicle._at(event);
    if (!bar) return;
    const [row, , , , , parent] = bar;
    State.open.add(parent);
    if (row < 0 || (row === State.focus && row === State.selected)) {
      State.select(parent);
      Outline.reveal(parent);
    } else {
      State.select(row);
      Outline.reveal(row);
    }
  },

  _point(event) {
    const bar = Icicle._at(event);
    Icicle._canvas.style.cursor = bar ? "pointer" : "default";
    Icicle._showTip(bar, event);
  },

  _showTip(bar, event) {
    const tip = Icicle._tip;
    tip.hidden = !bar;
    if (!bar) return;
    const [row, , , , , parent, branches] = bar;
    const name = row < 0 ? Text.count("smaller", branches) : Tree.label(row);
    const lines = [make("strong", {}, name)];
    if (row >= 0) {
      const relation = Tree.relation(row);
      if (relation) lines.push(make("span", {}, Text.word(relation)));
      if (Filters.isDeleted(row)) lines.push(make("span", {}, `${DELETED_MARK} ${Text.word("deleted")}`));
      lines.push(make("span", {}, Text.count("below", Filters.below(row))));
      if (Tree.otherParents(row)) lines.push(make("span", {}, `${MERGE} ${Text.count("merge_of", Tree.otherParents(row))}`));
    } else lines.push(make("span", {}, Tree.label(parent)));
    tip.replaceChildren(...lines);
    const box = Icicle._canvas.parentElement.getBoundingClientRect();
    const left = Math.min(event.clientX - box.left + 14, box.width - tip.offsetWidth - 4);
    const top = Math.min(event.clientY - box.top + 14, box.height - tip.offsetHeight - 4);
    tip.style.left = `${Math.max(left, 4)}px`;
    tip.style.top = `${Math.max(top, 4)}px`;
  },

  // The path from the family to the first column, to go back by.
  _path() {
    const line = Tree.ancestors(State.focus);
    byId("path").replaceChildren(
      ...line.map((row) => {
        const here = row === State.focus;
        const button = make("button", { type: "button", class: "step", "aria-current": here ? "true" : null }, Tree.label(row));
        button.addEventListener("click", () => {
          State.focus = row;
          State.changed("focus");
        });
        return make("li", {}, button);
      }),
    );
  },
};

const FONT_SIZE = 12;
const LINE = 15;
const SMALLEST = 2;
const FIRST = 0.7;
const MERGE = "\u22c8";
const DELETED_MARK = "\u2020";

// Hatched, so that a deleted model is recognizable without colors.
function hatch(pen, x, y, width, height, { text }) {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
  pen.strokeStyle = text;
  pen.globalAlpha = 0.22;
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (let at = x - height; at < x + width; at += 9) {
    pen.moveTo(at, y + height);
    pen.lineTo(at + height, y);
  }
  pen.stroke();
  pen.restore();
}

function colors() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  const fill = {};
  for (const name of [...Tree.data.relations, "root", "group"]) fill[name] = of(`fill-${name}`);
  return {
    fill, text: of("on-fill"), faint: of("on-fill-faint"), mark: of("mark"), paper: of("paper"),
  };
}

function otherParentsOf(row) {
  if (row < 0) return new Set();
  return new Set(Tree.edgesAbove(row).filter((edge) => edge.row !== null).map((edge) => edge.row));
}

// The text, cut with an ellipsis where there is no room.
function fitText(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (pen.measureText(`${text.slice(0, middle)}\u2026`).width <= room) low = middle;
    else high = middle - 1;
  }
  return low ? `${text.slice(0, low)}\u2026` : "";
}
