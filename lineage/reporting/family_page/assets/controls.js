// The filters as the reader sets them: boxes, lists and the slider through the months.

const Controls = {
  begin() {
    Controls._made = byId("made");
    Controls._more = byId("more");
    Controls._count = byId("match-count");
    Controls._chips = byId("chips");
    Controls._makeMore();
    Controls.draw();
    State.onChange((what) => {
      if (what.has("filters")) Controls.draw();
    });
    byId("fold").addEventListener("click", () => {
      State.open = new Set([Tree.data.top]);
      State.changed("open");
    });
    byId("copy").addEventListener("click", () => Controls._copy());
  },

  draw() {
    Controls._drawRelations();
    Controls._drawReleases();
    Controls._drawLicenses();
    const { license, least, until, undated, deleted } = Filters.now;
    if (byId("deleted")) byId("deleted").value = deleted;
    byId("license").value = license === null ? "any" : String(license);
    byId("least").value = String(least);
    byId("until").value = String(until ?? Controls._last);
    byId("undated").checked = undated;
    byId("until-label").textContent = until === null ? Text.say("any_time") : Text.monthOf(until);
    byId("until").setAttribute("aria-valuetext", byId("until-label").textContent);
    Controls._drawMonths();
    const total = Controls._countAll();
    const beside = deleted === "shown" ? Filters.deletedIn(0) : 0;
    const parts = [Text.count("matching", Filters.weight(0), { total: Text.number(total) })];
    if (beside) parts.push(Text.count("deleted_beside", beside));
    Controls._count.textContent = parts.join(", ");
    Controls._drawChips();
  },

  _countAll() {
    const { strength, rows } = Tree.data;
    let total = 0;
    for (let row = 0; row < rows; row++) if (strength[row] >= Filters.now.least && Filters.counts(row)) total++;
    return total;
  },

  _counts(column, size) {
    const counts = new Array(size).fill(0);
    const { strength, rows } = Tree.data;
    for (let row = 0; row < rows; row++) {
      if (strength[row] >= Filters.now.least && Filters.counts(row)) counts[column[row]]++;
    }
    return counts;
  },

  _drawRelations() {
    const codes = Tree.data.relations.map((_, code) => code);
    const counts = Controls._counts(Tree.data.relation, codes.length);
    const chosen = Filters.now.relations ?? new Set(codes);
    const present = codes.filter((code) => counts[code]).sort((a, b) => counts[b] - counts[a]);
    const boxes = present.map((code) => {
      const word = Tree.data.relations[code];
      return box(`relation-${word}`, chosen.has(code), () => Controls._toggle("relations", codes, code), [
        make("span", { class: `dot is-${word}`, "aria-hidden": "true" }), `${Text.word(word)} `,
        make("span", { class: "faint" }, Text.number(counts[code])),
      ]);
    });
    // What has no box to choose has its color explained all the same.
    const signs = [[make("span", { class: "dot is-root" }), "root_key"], [`${MERGE} `, "merge_key"]];
    if (Tree.data.kind.includes(KIND.DELETED)) signs.push([`${DELETED_MARK} `, "deleted_key"]);
    const keys = signs.map(([sign, key]) => make("span", { class: "key" }, make("span", { "aria-hidden": "true" }, sign), Text.say(key)));
    keepFocus(Controls._made, () => Controls._made.replaceChildren(make("legend", {}, Text.say("relation")), ...boxes, ...keys));
  },

  _drawReleases() {
    const groups = groupRows();
    const chosen = Filters.now.groups ?? new Set(groups);
    const counts = Controls._counts(Tree.data.group, Tree.data.rows);
    const boxes = groups.map((row) =>
      box(`group-${row}`, chosen.has(row), () => Controls._toggle("groups", groups, row), [
        `${Tree.label(row)} `, make("span", { class: "faint" }, Text.number(counts[row])),
      ]),
    );
    const choose = (key, groups) => make("button", { type: "button", id: `groups-${key}`, class: "quiet", onclick: () => State.setFilters({ groups }) }, Text.say(key));
    const fieldset = byId("releases");
    keepFocus(fieldset, () => fieldset.replaceChildren(
      make("legend", {}, Text.say("release")), make("div", { class: "both" }, choose("all", null), choose("none", new Set())), ...boxes,
    ));
  },

  _drawLicenses() {
    const words = Tree.data.coded.license;
    const counts = Controls._counts(Tree.data.license, words.length + 1);
    const unknown = Text.say(Tree.data.sample ? "not_in_sample" : "license_unknown");
    const withCount = (word, code) => `${word} (${Text.number(counts[code])})`;
    const options = words.map((word, at) => make("option", { value: at + 1 }, withCount(visible(word), at + 1)));
    byId("license").replaceChildren(
      make("option", { value: "any" }, Text.say("any_license")), make("option", { value: "0" }, withCount(unknown, 0)), ...options,
    );
  },

  // Everything chosen is the same as no choice.
  _toggle(filter, codes, code) {
    const chosen = new Set(Filters.now[filter] ?? codes);
    if (chosen.has(code)) chosen.delete(code);
    else chosen.add(code);
    State.setFilters({ [filter]: codes.every((each) => chosen.has(each)) ? null : chosen });
  },

  _makeMore() {
    const { month, kind } = Tree.data;
    const least = [2, 1, 0].map((code) => make("option", { value: code }, Text.say(`least_${Tree.data.strengths[code]}`)));
    const months = month.filter((number, row) => number >= 0 && (kind[row] === KIND.MODEL || kind[row] === KIND.DELETED));
    Controls._first = months.reduce((low, number) => Math.min(low, number), months[0] ?? 0);
    Controls._last = months.reduce((high, number) => Math.max(high, number), months[0] ?? 0);
    const slider = make("input", { type: "range", id: "until", min: Controls._first, max: Controls._last, step: 1, disabled: !months.length });
    slider.addEventListener("input", () => {
      const chosen = Number(slider.value);
      State.setFilters({ until: chosen >= Controls._last ? null : chosen });
    });
    const undated = box("undated", true, (event) => State.setFilters({ undated: event.target.checked }), [make("span", { id: "undated-label" })]);
    Controls._more.replaceChildren(
      field("until", Text.say("until"), make("div", { class: "time" }, make("canvas", { id: "months", "aria-hidden": "true" }), slider), make("output", { id: "until-label", for: "until" }), undated),
      field("least", Text.say("strength"), make("select", { id: "least", onchange: (event) => State.setFilters({ least: Number(event.target.value) }) }, ...least)),
      field("license", Text.say("license"), make("select", { id: "license", onchange: (event) => State.setFilters({ license: event.target.value === "any" ? null : Number(event.target.value) }) })),
      ...(kind.includes(KIND.DELETED) ? [Controls._deletedField()] : []),
      make("fieldset", { id: "releases" }),
      kind.includes(KIND.DELETED) ? "" : make("p", { class: "none-deleted" }, make("strong", {}, `${Text.say("deleted")}: `), Text.say("deleted_none")),
    );
    new ResizeObserver(() => Controls._drawMonths()).observe(byId("months").parentElement);
  },

  _deletedField() {
    const choices = DELETED_CHOICES.map((choice) => make("option", { value: choice }, Text.say(`deleted_${choice}`)));
    return field("deleted", Text.say("deleted"), make("select", { id: "deleted", onchange: (event) => State.setFilters({ deleted: event.target.value }) }, ...choices));
  },

  // One bar a month, as high as the models that were created in it; those after the slider grey,
  // a month that is not over in the data pale: its number will grow.
  _drawMonths() {
    const { strength, month, rows } = Tree.data;
    const counts = new Array(Controls._last - Controls._first + 1).fill(0);
    let undated = 0;
    for (let row = 0; row < rows; row++) {
      if (strength[row] < Filters.now.least || !Filters.counts(row)) continue;
      if (month[row] < 0) undated++;
      else counts[month[row] - Controls._first]++;
    }
    byId("undated-label").textContent = Text.count("undated", undated);
    const canvas = byId("months");
    const width = canvas.parentElement.clientWidth;
    const height = 44;
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    const most = Math.max(...counts, 1);
    // The thumb's middle moves between half a thumb from either end.
    const step = (width - THUMB) / Math.max(1, counts.length - 1);
    const until = Filters.now.until ?? Controls._last;
    counts.forEach((count, at) => {
      if (!count) return;
      const high = Math.max(1, (height * count) / most);
      pen.globalAlpha = Controls._first + at >= Tree.data.running ? 0.4 : 1;
      pen.fillStyle = style.getPropertyValue(Controls._first + at <= until ? "--accent" : "--line");
      pen.fillRect(THUMB / 2 + at * step - Math.max(1, step * 0.4), height - high, Math.max(2, step * 0.8), high);
    });
  },

  _drawChips() {
    const { groups, license, until, undated, author, relations, least, deleted } = Filters.now;
    const standard = Filters.defaults();
    const chips = [];
    const add = (words, changes) => chips.push(make("button", { type: "button", class: "chip", "aria-label": Text.say("remove", { what: words }), onclick: () => State.setFilters(changes) }, words, make("span", { "aria-hidden": "true" }, " \u00d7")));
    const list = (words) => (words.length > 3 ? `${words.slice(0, 3).join(", ")} +${words.length - 3}` : words.join(", ") || Text.say("none"));
    if (author) add(`${Text.say("author")}: ${visible(author)}`, { author: "" });
    if (relations) add(`${Text.say("relation")}: ${list([...relations].map((code) => Text.word(Tree.data.relations[code])))}`, { relations: null });
    if (groups) add(`${Text.say("release")}: ${list([...groups].map((row) => Tree.label(row)))}`, { groups: null });
    if (license !== null) add(`${Text.say("license")}: ${license ? visible(Tree.data.coded.license[license - 1]) : Text.say("license_unknown")}`, { license: null });
    if (least !== standard.least) add(`${Text.say("strength")}: ${Text.say(`least_${Tree.data.strengths[least]}`)}`, { least: standard.least });
    if (until !== null) add(`${Text.say("until")} ${Text.monthOf(until)}`, { until: null });
    if (deleted !== standard.deleted) add(`${Text.say("deleted")}: ${Text.say(`deleted_${deleted}`)}`, { deleted: standard.deleted });
    if (!undated) add(byId("undated-label").textContent, { undated: true });
    if (chips.length) chips.push(make("button", { type: "button", class: "quiet", id: "reset", onclick: () => State.setFilters(Filters.defaults()) }, Text.say("reset")));
    Controls._chips.replaceChildren(...chips);
    if (!undated) chips[chips.length - 2].classList.add("without");
  },

  async _copy() {
    State.write();
    let done = true;
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      done = false;
    }
    byId("copied").textContent = Text.say(done ? "link_copied" : "link_shown");
  },
};

const THUMB = 20;

function groupRows() {
  const rows = [];
  for (let at = 1; at < Tree.data.rows; at += Tree.data.size[at]) rows.push(at);
  return rows;
}

function box(id, checked, onchange, content) {
  const input = make("input", { type: "checkbox", id, onchange });
  input.checked = checked;
  return make("label", { class: "box" }, input, make("span", {}, ...content));
}

function field(id, label, ...content) {
  return make("div", { class: `field field-${id}` }, make("label", { for: id }, label), ...content);
}

// Redraws without taking the keyboard away from a reader in the middle of it.
function keepFocus(element, redraw) {
  const id = element.contains(document.activeElement) ? document.activeElement.id : "";
  redraw();
  if (id) byId(id)?.focus();
}
