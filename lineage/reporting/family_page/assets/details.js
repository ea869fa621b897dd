// Everything known of the chosen model: facts, parents with their witnesses, ways to the roots.

const MOST_WAYS = 6;
const MOST_ELSEWHERE = 12;
const RULES_TOLD = ["hub", "tag", "card", "adapter_config", "config", "registry", "name", "card_text"];

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
    Details._panel.classList.toggle("filled", row >= 0);
    const title = make("h3", { id: "details-title" }, row < 0 ? Text.say("details") : Tree.label(row));
    if (row < 0) {
      Details._panel.replaceChildren(title, make("p", { class: "faint" }, Text.say("details_none")));
      return;
    }
    const close = make("button", { type: "button", class: "close", "aria-label": Text.say("close_details"), onclick: () => State.unselect() }, "\u00d7");
    const parts = [make("div", { class: "details-head" }, title, close), Details._badges(row), Details._scale(row), Details._links(row)];
    if (Tree.isRepository(row)) parts.push(...Details._known(row), ...Details._parents(row), ...Details._ways(row), ...Details._elsewhere(row));
    Details._panel.replaceChildren(...parts.filter((part) => part !== null));
    Details._panel.scrollTop = 0;
  },

  _badges(row) {
    const { kind, strength, group, strengths } = Tree.data;
    const said = [];
    const relation = Tree.relation(row);
    if (relation) said.push(make("span", { class: "badge" }, make("span", { class: `dot is-${relation}`, "aria-hidden": "true" }), Text.word(relation)));
    if (kind[row] >= KIND.MODEL) said.push(make("span", { class: "badge" }, Text.word(strengths[strength[row]])));
    if (Tree.isRepository(row)) said.push(make("span", { class: "badge" }, Tree.label(group[row])));
    if (Tree.data.missed[row] >= 0) said.push(make("span", { class: "badge" }, `${GONE_MARK} ${Text.word("gone")}`));
    const about = {
      [KIND.FAMILY]: "family_text", [KIND.OFFICIAL]: "official_text", [KIND.MIRROR]: "mirror_text",
      [KIND.UNLISTED]: "unlisted_text", [KIND.PASSED]: "passed_text",
      [KIND.GROUP]: Tree.data.names[row] === "mixed" ? "mixed_text" : "group_text",
    }[kind[row]];
    return make("div", { class: "badges" }, ...said, about ? make("p", {}, Text.say(about)) : null, Details._gone(row));
  },

  // When it was missed, where it was seen last, and whether it counts.
  _gone(row) {
    const { missed, missed_at, kind } = Tree.data;
    if (missed[row] < 0) return null;
    const told = Text.say("gone_text", { date: Text.date(missed_at[row]), snapshot: visible(Tree.coded("last_seen_in", row)) });
    const counted = kind[row] !== KIND.GONE ? "" : Text.say(Filters.counts(row) ? "gone_counted" : "gone_not_counted");
    return make("p", { class: "gone-told" }, `${told} ${counted}`);
  },

  _scale(row) {
    const drawn = Filters.below(row);
    const figure = (n, words) => make("div", {}, make("strong", {}, Text.number(n)), make("span", {}, words));
    const figures = [figure(drawn, Text.say("drawn_below"))];
    if (Tree.isRepository(row)) figures.push(figure(Tree.distinctBelow(row), Text.say("distinct_below")));
    return make("div", { class: "figures" }, ...figures);
  },

  _links(row) {
    const links = [];
    if (Filters.hasBranches(row)) {
      const show = () => {
        State.open.add(row);
        State.focus = row;
        State.changed("open", "focus");
        Outline.reveal(row);
      };
      links.push(make("button", { type: "button", onclick: show }, Text.say("show_here")));
    }
    const address = Tree.data.missed[row] < 0 ? hubAddress(row) : null;
    if (address) links.push(make("a", { href: address, rel: "noreferrer noopener", target: "_blank" }, Text.say("hub")));
    return links.length ? make("p", { class: "links" }, ...links) : null;
  },

  _known(row) {
    if (Tree.data.kind[row] === KIND.UNLISTED) return [];
    const rows = [];
    const unknown = [];
    const add = (key, value, always = true) => {
      if (value !== null) rows.push(make("dt", {}, Text.say(key)), make("dd", {}, value));
      else if (always) unknown.push(Text.say(key));
    };
    add("created", Tree.data.created_at[row] ? Text.date(Tree.data.created_at[row]) : null);
    if (Tree.data.modified_at[row] > 1 && Tree.data.created_at[row]) add("modified", Text.date(Tree.data.modified_at[row]));
    add("license_fact", spelled(Tree.coded("license", row)));
    add("license_name", spelled(Tree.coded("license_name", row)), false);
    const terms = Tree.coded("license_link", row);
    add("license_link", terms === null ? null : linked(terms), false);
    for (const key of ["library", "pipeline", "model_type"]) add(key, spelled(Tree.coded(key, row)));
    for (const key of ["config_name_or_path", "gated"]) add(key, spelled(Tree.coded(key, row)), false);
    for (const key of Tree.data.numbers) {
      const number = Tree.data[key][row];
      add(key, number ? Text.number(number - 1) : null, key !== "downloads_all_time");
    }
    if (unknown.length) {
      const word = Text.say(Tree.data.sample ? "not_in_sample" : "not_known");
      rows.push(make("dt", {}, word), make("dd", { class: "faint" }, unknown.join(", ")));
    }
    return [make("h4", {}, Text.say(Tree.data.missed[row] < 0 ? "facts" : "facts_then")), make("dl", {}, ...rows)];
  },

  _parents(row) {
    const edges = Tree.edgesAbove(row);
    if (!edges.length && Tree.data.kind[row] < KIND.MODEL) return [];
    const items = edges.map((edge) => {
      const name = edge.row === null ? make("span", { class: "label" }, edge.name) : jump(edge.row);
      const notes = [Text.word(Tree.data.strengths[edge.strength])];
      if (edge.drawn) notes.push(Text.say("drawn_here"));
      if (edge.row === null) notes.push(Text.say("outside"));
      return make("li", {}, name, make("span", { class: "note" }, ` ${notes.join(", ")}`), voices(edge));
    });
    const list = items.length ? make("ul", { class: "parents" }, ...items) : make("p", { class: "faint" }, Text.say("no_parents"));
    return [make("h4", {}, Text.say("parents")), list];
  },

  _ways(row) {
    if (Tree.data.kind[row] < KIND.MODEL) return [];
    const starts = Tree.edgesAbove(row).filter((edge) => edge.row !== null && edge.row !== row).map((edge) => edge.row);
    const ways = starts.slice(0, MOST_WAYS).map((start) => wayFrom(row, start)).filter((way) => way.length);
    if (!ways.length) return [];
    const lists = ways.map((way) => make("ol", { class: "way" }, ...way.map((at) => make("li", {}, jump(at), make("span", { class: "note" }, ` ${roleOf(at)}`)))));
    if (starts.length > MOST_WAYS) lists.push(make("p", { class: "faint" }, Text.count("more", starts.length - MOST_WAYS)));
    return [make("h4", {}, Text.say(ways.length > 1 ? "ways" : "way")), ...lists];
  },

  _elsewhere(row) {
    const rows = Tree.drawnElsewhere(row);
    if (!rows.length) return [];
    const items = rows.slice(0, MOST_ELSEWHERE).map((at) => make("li", {}, jump(at), make("span", { class: "note" }, ` ${roleOf(at)}`)));
    if (rows.length > MOST_ELSEWHERE) items.push(make("li", { class: "faint" }, Text.count("more", rows.length - MOST_ELSEWHERE)));
    return [make("h4", {}, Text.say("elsewhere")), make("ul", {}, ...items)];
  },
};

function roleOf(row) {
  const word = { [KIND.OFFICIAL]: "official", [KIND.MIRROR]: "mirror", [KIND.UNLISTED]: "unlisted" }[Tree.data.kind[row]];
  const release = Tree.label(Tree.data.group[row]);
  return word && Tree.data.kind[row] < KIND.MODEL ? `${Text.word(word)}, ${release}` : Text.word(word ?? Tree.relation(row));
}

// From a model by one of its parents up to a root; no row twice, should ways close a circle.
function wayFrom(row, start) {
  const way = [row];
  for (let at = start; at >= 0 && !way.includes(at); at = Tree.up(at)) way.push(at);
  return way;
}

function jump(row) {
  const go = () => {
    if (!Filters.shown(row)) State.setFilters({ ...Filters.defaults(), least: Math.min(Filters.now.least, Tree.data.strength[row]) });
    State.select(row);
    Outline.reveal(row);
  };
  return make("button", { type: "button", class: "jump", onclick: go }, Tree.label(row));
}

// What each witness of an edge said, word for word, with its source.
function voices(edge) {
  const items = Tree.data.voiceSets[edge.voices].map((place) => {
    const [rule, before, after, source, url] = Tree.data.said[place];
    const words = visible(after === null ? before : before + edge.raw + after);
    const told = RULES_TOLD.includes(rule) ? Text.say(`rule_${rule}`) : visible(rule);
    const parts = [make("span", { class: "rule" }, `${told}: `), words ? make("q", {}, words) : make("span", { class: "faint" }, Text.say("no_words"))];
    if (source) parts.push(make("span", { class: "source" }, visible(source)));
    if (url) parts.push(make("span", { class: "source" }, linked(url)));
    return make("li", {}, ...parts);
  });
  return items.length ? make("ul", { class: "voices" }, ...items) : null;
}

function spelled(text) {
  return text === null ? null : visible(text);
}

// A link where the address is one of the web, else its text alone.
function linked(address) {
  const shown = visible(address);
  return /^https:\/\/[^\s"'<>\\]+$/.test(address) && shown === address
    ? make("a", { href: address, rel: "noreferrer noopener", target: "_blank" }, shown)
    : make("span", {}, shown);
}

function hubAddress(row) {
  const name = Tree.data.names[row];
  const isName = /^[\w.-]+(\/[\w.-]+)?$/.test(name) && !/^\.+$/.test(name.split("/").pop());
  return Tree.isRepository(row) && isName ? `https://huggingface.co/${name}` : null;
}
