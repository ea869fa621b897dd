// Which models are shown: everything else stays only where a path leads through it.

const Filters = {
  now: null,
  version: 0,
  matched: null,
  _sum: null,
  _branches: new Map(),

  defaults() {
    return {
      relations: null, groups: null, license: null, least: Tree.data.least, until: null, undated: true,
      author: "", deleted: Tree.data.deleted,
    };
  },

  // Filters under which a row is seen: all of them are reset, and a deleted leaf is shown on demand.
  revealing(row) {
    const standard = Filters.defaults();
    const isHidden = Tree.data.missed[row] >= 0 && standard.deleted === "hidden";
    const least = Math.min(Filters.now.least, Tree.data.strength[row]);
    return { ...standard, least, deleted: isHidden ? "shown" : standard.deleted };
  },

  set(changes) {
    Filters.now = { ...Filters.now, ...changes };
    Filters.apply();
  },

  // Anything that hides what the family holds, the strength of the evidence aside.
  isNarrowed() {
    const { relations, groups, license, until, undated, author } = Filters.now;
    return relations !== null || groups !== null || license !== null || until !== null || !undated || author !== "";
  },

  // Whether a row was deleted by the end of the chosen month.
  isDeleted(row) {
    const missed = Tree.data.missed[row];
    return missed >= 0 && (Filters.now.until === null || missed <= Filters.now.until);
  },

  // Whether a row counts where it fits all else.
  counts(row) {
    const kind = Tree.data.kind[row];
    if (kind === KIND.MODEL) return true;
    return kind === KIND.DELETED && (Filters.now.deleted === "counted" || !Filters.isDeleted(row));
  },

  apply() {
    const tree = Tree.data;
    const { relations, groups, license, least, until, undated, author } = Filters.now;
    const prefix = author ? `${author.toLowerCase()}/` : "";
    const matched = new Uint8Array(tree.rows);
    const sum = new Int32Array(tree.rows + 1);
    const beside = new Int32Array(tree.rows + 1);
    for (let row = 0; row < tree.rows; row++) {
      const month = tree.month[row];
      const counts = Filters.counts(row);
      const fits =
        (counts || tree.kind[row] === KIND.DELETED) &&
        tree.strength[row] >= least &&
        (relations === null || relations.has(tree.relation[row])) &&
        (groups === null || groups.has(tree.group[row])) &&
        (license === null || tree.license[row] === license) &&
        (month < 0 ? undated : until === null || month <= until) &&
        (!prefix || tree.names[row].toLowerCase().startsWith(prefix));
      matched[row] = fits && counts ? 1 : 0;
      sum[row + 1] = sum[row] + matched[row];
      beside[row + 1] = beside[row] + (fits && !counts ? 1 : 0);
    }
    Filters.matched = matched;
    Filters._sum = sum;
    Filters._beside = beside;
    Filters._branches = new Map();
    Filters.version++;
  },

  // How many matching models a row and all drawn below it hold.
  weight(row) {
    return Filters._sum[row + Tree.data.size[row]] - Filters._sum[row];
  },

  // How many fit that are deleted and not counted.
  deletedIn(row) {
    return Filters._beside[row + Tree.data.size[row]] - Filters._beside[row];
  },

  below(row) {
    return Filters.weight(row) - Filters.matched[row];
  },

  shown(row) {
    if (Filters.weight(row) > 0 || row === 0) return true;
    if (Filters.now.deleted === "shown" && Filters.deletedIn(row) > 0) return true;
    if (Filters.isDeleted(row)) return Filters.now.deleted !== "hidden" && Tree.data.kind[row] < KIND.MODEL && !Filters.isNarrowed();
    const kind = Tree.data.kind[row];
    return (kind === KIND.OFFICIAL || kind === KIND.MIRROR) && !Filters.isNarrowed();
  },

  // The rows drawn right below a row, the largest first.
  branches(row) {
    let rows = Filters._branches.get(row);
    if (!rows) {
      rows = [];
      const end = row + Tree.data.size[row];
      for (let at = row + 1; at < end; at += Tree.data.size[at]) if (Filters.shown(at)) rows.push(at);
      rows.sort((a, b) => Filters.weight(b) - Filters.weight(a) || a - b);
      Filters._branches.set(row, rows);
    }
    return rows;
  },

  // Whether anything is drawn right below; without sorting thousands to know.
  hasBranches(row) {
    if (Filters.below(row) > 0) return true;
    return Tree.data.size[row] > 1 && Filters.branches(row).length > 0;
  },
};
