// Finding a model, a release or an author by part of a name or a pasted address, with suggestions
// below the box.

const MOST_SUGGESTED = 12;
const MOST_AUTHORS = 3;

const Search = {
  _options: [],
  _active: -1,
  _lowered: null,

  begin() {
    Search._box = byId("search");
    Search._list = byId("suggestions");
    Search._status = byId("search-status");
    const box = Search._box;
    box.addEventListener("input", () => Search._suggest());
    box.addEventListener("focus", () => Search._suggest());
    box.addEventListener("keydown", (event) => Search._key(event));
    box.addEventListener("blur", () => setTimeout(() => Search._close(), 150));
    Search._list.addEventListener("pointerdown", (event) => event.preventDefault());
    Search._list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) Search._choose(Search._options[Number(option.dataset.at)]);
    });
  },

  _names() {
    // A release is known by its id too: llama-3.1.
    Search._lowered ??= Tree.data.names.map((name, row) => {
      const low = name.toLowerCase();
      return Tree.isRepository(row) ? low : idsOf(row).join(" ");
    });
    return Search._lowered;
  },

  _authors() {
    if (!Search._byAuthor) {
      Search._byAuthor = new Map();
      for (let row = 0; row < Tree.data.rows; row++) {
        if (!Filters.counts(row) || Tree.data.strength[row] < Filters.now.least) continue;
        const author = Tree.author(row);
        if (author) Search._byAuthor.set(author, (Search._byAuthor.get(author) ?? 0) + 1);
      }
    }
    return Search._byAuthor;
  },

  // Names that begin so come before those that hold it; of equals the larger branch first.
  _found(text, kind) {
    const { size, strength } = Tree.data;
    const names = Search._names();
    const best = [];
    const compare = (a, b) => a[0] - b[0] || size[b[1]] - size[a[1]] || a[1] - b[1];
    for (let row = 0; row < names.length; row++) {
      const at = names[row].indexOf(text);
      if (at < 0 || row === 0 || strength[row] < Filters.now.least) continue;
      if (kind && Tree.isRepository(row) !== (kind === "model")) continue;
      const begins = at === 0 || names[row][at - 1] === "/" ? 0 : 1;
      const isExact = names[row] === text || (!Tree.isRepository(row) && idsOf(row).includes(text));
      const match = [isExact ? -1 : begins, row];
      if (best.length === MOST_SUGGESTED && compare(match, best[best.length - 1]) > 0) continue;
      best.splice(best.findLastIndex((each) => compare(each, match) < 0) + 1, 0, match);
      best.length = Math.min(best.length, MOST_SUGGESTED);
    }
    return best.map(([, row]) => ({ row }));
  },

  _foundAuthors(text) {
    const authors = [...Search._authors()].filter(([author]) => author.toLowerCase().startsWith(text));
    authors.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    return authors.slice(0, MOST_AUTHORS).map(([author, models]) => ({ author, models }));
  },

  _suggest() {
    const [kind, text] = readSubject(Search._box.value);
    if (!text) return Search._close();
    const authors = kind === "" ? Search._foundAuthors(text) : [];
    Search._options = [...authors, ...Search._found(text, kind)].slice(0, MOST_SUGGESTED);
    Search._active = -1;
    Search._draw();
    const n = Search._options.length;
    Search._status.textContent = n ? Text.count("found", n) : Text.say("found_none");
  },

  _draw() {
    const items = Search._options.map((option, at) => {
      const isAuthor = option.author !== undefined;
      const name = isAuthor ? visible(option.author) : Tree.label(option.row);
      const below = isAuthor ? Text.count("all_of_author", option.models) : Text.count("below", Filters.below(option.row));
      const note = !isAuthor && Filters.isDeleted(option.row) ? `${DELETED_MARK} ${Text.word("deleted")}, ${below}` : below;
      return make(
        "li",
        { role: "option", id: `option${at}`, "data-at": at, "aria-selected": String(at === Search._active) },
        make("span", { class: "label" }, name), make("span", { class: "note" }, note),
      );
    });
    Search._list.replaceChildren(...items);
    byId("nothing").replaceChildren(...(items.length ? [] : [Text.say("found_none")]));
    byId("nothing").hidden = items.length > 0;
    Search._list.hidden = !items.length;
    Search._box.setAttribute("aria-expanded", String(items.length > 0));
    if (Search._active >= 0) Search._box.setAttribute("aria-activedescendant", `option${Search._active}`);
    else Search._box.removeAttribute("aria-activedescendant");
  },

  _close() {
    Search._options = [];
    Search._list.hidden = true;
    byId("nothing").hidden = true;
    Search._status.textContent = "";
    Search._box.setAttribute("aria-expanded", "false");
    Search._box.removeAttribute("aria-activedescendant");
  },

  _key(event) {
    const n = Search._options.length;
    if (event.key === "Escape") {
      // One press closes one thing: the suggestions first, the details by the next.
      if (n || !byId("nothing").hidden) event.stopPropagation();
      Search._close();
      return;
    }
    if (!n) return;
    if (event.key === "ArrowDown") Search._active = (Search._active + 1) % n;
    else if (event.key === "ArrowUp") Search._active = (Search._active - 1 + n) % n;
    else if (event.key === "Enter") {
      event.preventDefault();
      Search._choose(Search._options[Math.max(0, Search._active)]);
      return;
    } else return;
    event.preventDefault();
    Search._draw();
    byId(`option${Search._active}`).scrollIntoView({ block: "nearest" });
  },

  _choose(option) {
    Search._close();
    if (option.author !== undefined) {
      Search._box.value = "";
      State.setFilters({ author: option.author });
      return;
    }
    Search._box.value = Tree.label(option.row);
    // What the filters hide would be found and not seen.
    if (!Filters.shown(option.row)) State.setFilters(Filters.revealing(option.row));
    State.select(option.row);
    Outline.reveal(option.row);
  },
};

// What a release may be asked for by: its name, and its id.
function idsOf(row) {
  const low = Tree.data.names[row].toLowerCase();
  return [low, low.replaceAll(" ", "-")];
}

const ADDRESS = /^(?:(?:(?:(?:git\+)?[a-z]+:\/{1,3}|\/\/)(?:[^/@\s]*@)?)?(?:www\.)?(?:huggingface\.co|hf\.co)(?::\d+)?(?:\/+|(?=[?#])|$)|git@(?:huggingface\.co|hf\.co):\/*|hf:(?:\/\/)?|hf[-_]hub:|pkg:huggingface\/)+/;
const AROUND = "[\\s\"'`<>*()\\[\\]{}\u00b4\u2018-\u201f\u2032\u2033\u00ab\u00bb\u2039\u203a]";

// What a pasted text asks for, in small letters, and its kind where one stands before it: every
// spelling of a SUBJECT that lineage/domain/subjects.py reads.
function readSubject(text) {
  let name = text.normalize("NFKC").replace(/\p{Cf}/gu, "").toLowerCase();
  try {
    name = decodeURIComponent(name);
  } catch {
    // A stray percent sign is part of what was typed.
  }
  const link = /^\W*\[[^\]]*\]\(\s*<?([^\s()<>]+)>?[^()]*\)\W*$/.exec(name);
  name = stripQuotes(link ? link[1] : name);
  const before = /^(model|release|family)\s*:(?!\/\/)\s*/.exec(name);
  if (before) name = stripQuotes(name.slice(before[0].length));
  const kind = before ? before[1] : "";
  const cached = /(?:^|[/\\])models--([^/\\?#@\s]+)/.exec(name);
  if (cached) return ["model", cached[1].replace("--", "/")];
  const address = ADDRESS.exec(name);
  if (address) name = name.slice(address[0].length).replace(/^(?:api\/)?models\//, "");
  const isModel = address !== null || kind === "model";
  if (isModel || name.includes("/")) {
    name = name.split(/[?#]/)[0].replace(/@[\w./-]*$/, "");
    name = name.split("/").filter((part) => part).slice(0, 2).join("/").replace(/:[\w.-]+$/, "").replace(/\.git$/, "");
    if (text.trim().endsWith("/") && !address && !name.includes("/")) name += "/";
  }
  return [address ? "model" : kind, name];
}

function stripQuotes(text) {
  return text.replace(new RegExp(`^${AROUND}+|(?:${AROUND}|[,;:!?])+$`, "g"), "");
}
