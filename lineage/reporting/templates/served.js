// Names are offered as one types; without a script the form sends the letters to a page.
for (const form of document.querySelectorAll("form[data-search]")) {
  const input = form.querySelector("input[type=search]"), list = form.querySelector(".offers");
  const lang = document.documentElement.lang;
  let asked = 0, timer = 0, chosen = -1;
  const close = () => { list.hidden = true; chosen = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const mark = (step) => {
    const rows = [...list.children];
    if (!rows.length) return;
    chosen = (chosen + step + rows.length) % rows.length;
    rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === chosen)));
    input.setAttribute("aria-activedescendant", rows[chosen].id);
  };
  const show = (items) => {
    list.replaceChildren(...items.map((item, at) => {
      const row = document.createElement("li"), link = document.createElement("a"), note = document.createElement("small");
      row.id = "offer-" + at; row.setAttribute("role", "option"); row.setAttribute("aria-selected", "false");
      link.href = (item.kind ? "/models/" + item.id.split("/").map(encodeURIComponent).join("/") : "/?q=" + encodeURIComponent(item.id)) + (item.kind ? location.search.includes("lang=") ? "?lang=" + lang : "" : "&lang=" + lang);
      link.tabIndex = -1; note.textContent = [form.dataset[item.kind || "author"], item.total ? item.total.toLocaleString(lang) : ""].join(" ");
      link.append(item.id.replace(/^(family|release):/, ""), note); row.append(link);
      return row;
    }));
    chosen = -1; list.hidden = !items.length; input.setAttribute("aria-expanded", String(!list.hidden));
  };
  const ask = async () => {
    const turn = ++asked, letters = input.value.trim();
    if (letters.length < 2) return close();
    const answer = await fetch("/api/search?" + new URLSearchParams({ q: letters, limit: 8 }));
    if (turn === asked && answer.ok) show((await answer.json()).items);
  };
  input.setAttribute("role", "combobox"); input.setAttribute("aria-autocomplete", "list"); input.setAttribute("aria-controls", list.id); input.setAttribute("aria-expanded", "false");
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 150); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown" && !list.hidden) { mark(1); event.preventDefault(); }
    else if (event.key === "ArrowUp" && !list.hidden) { mark(-1); event.preventDefault(); }
    else if (event.key === "Enter" && chosen >= 0) { location.assign(list.children[chosen].firstChild.href); event.preventDefault(); }
  });
  form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) close(); });
}
