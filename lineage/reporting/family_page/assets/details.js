// The chosen model: its facts, its parents with the claims for each, its paths to the roots.

const MOST_PATHS = 6;
const MOST_ELSEWHERE = 12;

const Details = {
  begin() {
    Details._panel = byId("details");
    State.onChange((what) => {
      if (what.has("selected") || what.has("filters")) Details.draw();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && State.selected >= 0) State.unselect();
    });
  },

  draw() {
    const row = State.selected;
    Details._panel.hidden = row < 0;
    if (row < 0) return Details._panel.replaceChildren();
    const title = make("h2", { id: "details-title" }, Tree.label(row));
    const close = make("button", { type: "button", class: "close", "aria-label": Text.say("close_details"), onclick: () => State.unselect() }, "\u00d7");
    const parts = [make("div", { class: "details-head" }, title, close), Details._badges(row), Details._scale(row), Details._links(row)];
    if (Tree.isRepository(row)) parts.push(...Details._facts(row), ...Details._parents(row), ...Details._paths(row), ...Details._elsewhere(row));
    Details._panel.replaceChildren(...parts.filter((part) => part !== null));
    Details._panel.scrollTop = 0;
  },

  _badges(row) {
    const { kind, strength, group, strengths } = Tree.data;
    const badges = [];
    const relation = Tree.relation(row);
    if (relation) badges.push(make("span", { class: "badge" }, make("span", { class: `dot is-${relation}`, "aria-hidden": "true" }), Text.word(relation)));
    if (kind[row] >= KIND.MODEL) badges.push(make("span", { class: "badge" }, Text.word(strengths[strength[row]])));
    if (Tree.isRepository(row)) badges.push(make("span", { class: "badge" }, Tree.label(group[row])));
    if (Tree.data.missed[row] >= 0) badges.push(make("span", { class: "badge" }, `${DELETED_MARK} ${Text.word("deleted")}`));
    const about = {
      [KIND.FAMILY]: "family_text", [KIND.OFFICIAL]: "official_text", [KIND.MIRROR]: "mirror_text",
      [KIND.UNLISTED]: "unlisted_text", [KIND.FILTERED]: "filtered_text",
      [KIND.GROUP]: Tree.data.names[row] === "mixed" ? "mixed_text" : "group_text",
    }[kind[row]];
    return make("div", { class: "badges" }, ...badges, about ? make("p", {}, Text.say(about)) : null, Details._deletion(row));
  },

  // Since when it is no longer listed, where it was last seen, and whether it counts.
  _deletion(row) {
    const { missed, missed_at, kind } = Tree.data;
    if (missed[row] < 0) return null;
    const text = Text.say("deleted_text", { date: Text.date(missed_at[row]), snapshot: visible(Tree.coded("last_seen_in", row)) });
    const counted = kind[row] !== KIND.DELETED ? "" : Text.say(Filters.counts(row) ? "deleted_is_counted" : "deleted_not_counted");
    return make("p", { class: "deleted-note" }, `${text} ${counted}`);
  },

  _scale(row) {
    const drawn = Filters.below(row);
    const figure = (n, words) => make("div", {}, make("strong", {}, Text.number(n)), make("span", {}, words));
    const total = Tree.data.total[row];
    const figures = [figure(total, Text.say("descends_below"))];
    if (drawn !== total) figures.push(figure(drawn, Text.say("drawn_below", { total: Text.number(total) })));
    return make("div", { class: "figures" }, ...figures);
  },

  _links(row) {
    const links = [];
    if (Filters.hasBranches(row)) {
      const show = () => {
        State.zoom(row);
        Outline.reveal(row);
      };
      links.push(make("button", { type: "button", onclick: show }, Text.say("show_here")));
    }
    const address = Tree.data.missed[row] < 0 ? hubAddress(row) : null;
    if (address) links.push(make("a", { href: address, rel: "noreferrer noopener", target: "_blank" }, Text.say("hub")));
    return links.length ? make("p", { class: "links" }, ...links) : null;
  },

  _facts(row) {
    if (Tree.data.kind[row] === KIND.UNLISTED) return [];
    const rows = [];
    const unknown = [];
    const add = (key, value, always = true) => {
      if (value !== null) rows.push(make("dt", {}, Text.say(key)), make("dd", {}, value));
      else if (always) unknown.push(Text.say(key));
    };
    add("created", Tree.data.created_at[row] ? Text.date(Tree.data.created_at[row]) : null);
    const later = Tree.data.modified_at[row];
    if (later) add("modified", Text.date(Tree.data.created_at[row] + later - 1));
    add("license_fact", shownText(Tree.coded("license", row)));
    add("license_name", shownText(Tree.coded("license_name", row)), false);
    const terms = Tree.coded("license_link", row);
    add("license_link", terms === null ? null : linkTo(terms), false);
    for (const key of ["library", "pipeline", "model_type"]) add(key, shownText(Tree.coded(key, row)));
    for (const key of ["config_name_or_path", "gated"]) add(key, shownText(Tree.coded(key, row)), false);
    for (const key of Tree.data.numbers) {
      const number = Tree.data[key][row];
      add(key, number ? Text.number(number - 1) : null, key !== "downloads_all_time");
    }
    if (unknown.length) {
      const word = Text.say(Tree.data.sample ? "not_in_sample" : "not_known");
      rows.push(make("dt", {}, word), make("dd", { class: "faint" }, unknown.join(", ")));
    }
    return [make("h3", {}, Text.say(Tree.data.missed[row] < 0 ? "facts" : "facts_then")), make("dl", {}, ...rows)];
  },

  _parents(row) {
    const edges = Tree.edgesAbove(row);
    if (!edges.length && Tree.data.kind[row] < KIND.MODEL) return [];
    const items = edges.map((edge) => {
      const name = edge.row === null ? make("span", { class: "label" }, edge.name) : jump(edge.row);
      const notes = [Text.word(Tree.data.strengths[edge.strength])];
      if (edge.isDrawn) notes.push(Text.say("drawn_here"));
      if (edge.row === null) notes.push(Text.say("outside"));
      return make("li", {}, name, make("span", { class: "note" }, ` ${notes.join(", ")}`), claimList(edge));
    });
    const list = items.length ? make("ul", { class: "parents" }, ...items) : make("p", { class: "faint" }, Text.say("no_parents"));
    return [make("h3", {}, Text.say("parents")), list];
  },

  _paths(row) {
    if (Tree.data.kind[row] < KIND.MODEL) return [];
    const starts = Tree.edgesAbove(row).filter((edge) => edge.row !== null && edge.row !== row).map((edge) => edge.row);
    const paths = starts.slice(0, MOST_PATHS).map((start) => pathFrom(row, start)).filter((path) => path.length);
    if (!paths.length) return [];
    const lists = paths.map((path) => make("ol", { class: "root-path" }, ...path.map((at) => make("li", {}, jump(at), make("span", { class: "note" }, ` ${roleOf(at)}`)))));
    if (starts.length > MOST_PATHS) lists.push(make("p", { class: "faint" }, Text.count("more", starts.length - MOST_PATHS)));
    return [make("h3", {}, Text.say(paths.length > 1 ? "root_paths" : "root_path")), ...lists];
  },

  _elsewhere(row) {
    const rows = Tree.drawnElsewhere(row);
    if (!rows.length) return [];
    const items = rows.slice(0, MOST_ELSEWHERE).map((at) => make("li", {}, jump(at), make("span", { class: "note" }, ` ${roleOf(at)}`)));
    if (rows.length > MOST_ELSEWHERE) items.push(make("li", { class: "faint" }, Text.count("more", rows.length - MOST_ELSEWHERE)));
    return [make("h3", {}, Text.say("elsewhere")), make("ul", {}, ...items)];
  },
};

function roleOf(row) {
  const word = { [KIND.OFFICIAL]: "official", [KIND.MIRROR]: "mirror", [KIND.UNLISTED]: "unlisted" }[Tree.data.kind[row]];
  const release = Tree.label(Tree.data.group[row]);
  return word && Tree.data.kind[row] < KIND.MODEL ? `${Text.word(word)}, ${release}` : Text.word(word ?? Tree.relation(row));
}

// From a model by one of its parents up to a root; no row twice, even on a cycle.
function pathFrom(row, start) {
  const path = [row];
  for (let at = start; at >= 0 && !path.includes(at); at = Tree.up(at)) path.push(at);
  return path;
}

function jump(row) {
  const go = () => {
    if (!Filters.shown(row)) State.setFilters(Filters.revealing(row));
    State.select(row);
    Outline.reveal(row);
  };
  return make("button", { type: "button", class: "jump", onclick: go }, Tree.label(row));
}

// Each claim for an edge, word for word, with its source.
function claimList(edge) {
  const items = Tree.data.claimSets[edge.claims].map((place) => {
    const [rule, before, after, source, url] = Tree.data.claims[place];
    const words = visible(after === null ? before : before + edge.raw + after);
    const ruleName = Object.hasOwn(Text.texts, `rule_${rule}`) ? Text.say(`rule_${rule}`) : visible(rule);
    const parts = [make("span", { class: "rule" }, `${ruleName}: `), words ? make("q", {}, words) : make("span", { class: "faint" }, Text.say("no_words"))];
    if (source) parts.push(make("span", { class: "source" }, visible(source)));
    if (url) parts.push(make("span", { class: "source" }, linkTo(url)));
    return make("li", {}, ...parts);
  });
  return items.length ? make("ul", { class: "claims" }, ...items) : null;
}

function shownText(text) {
  return text === null ? null : visible(text);
}

// A link where the address is one of the web, else its text alone.
function linkTo(address) {
  const text = visible(address);
  return /^https:\/\/[^\s"'<>\\]+$/.test(address) && text === address
    ? make("a", { href: address, rel: "noreferrer noopener", target: "_blank" }, text)
    : make("span", {}, text);
}

function hubAddress(row) {
  const name = Tree.data.names[row];
  const isName = /^[\w.-]+(\/[\w.-]+)?$/.test(name) && !/^\.+$/.test(name.split("/").pop());
  return Tree.isRepository(row) && isName ? `https://huggingface.co/${name}` : null;
}
