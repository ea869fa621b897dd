// What a button of a page copies stands in the page as text too.
for (const button of document.querySelectorAll("[data-copy]")) {
  const status = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", () => {
    getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
    // The clipboard's own interface is missing where a page came over plain http.
    if (document.execCommand("copy")) status.textContent = button.dataset.done;
  });
}

// A long table can be sorted by a column and filtered by a word; as it stands it is read without.
for (const box of document.querySelectorAll(".sortable")) {
  const tools = box.previousElementSibling, body = box.querySelector("tbody");
  const heads = [...box.querySelectorAll("th")], rows = [...body.rows];
  const input = tools.querySelector("input"), status = tools.querySelector("[role=status]");
  const texts = rows.map((row) => row.textContent.toLowerCase());
  tools.hidden = false;
  input.addEventListener("input", () => {
    const word = input.value.trim().toLowerCase();
    rows.forEach((row, at) => { row.hidden = !texts[at].includes(word); });
    const count = rows.filter((row) => !row.hidden).length;
    status.textContent = word && status.dataset.rows.replace("{n}", count).replace("{all}", rows.length);
  });
  heads.forEach((head, column) => {
    const isNumber = head.classList.contains("number"), button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    const value = (row) => {
      const text = row.cells[column].textContent;
      // What is not known stands behind every number.
      return isNumber ? Number(text.replace(/\D/g, "") || -1) : text.toLowerCase();
    };
    button.addEventListener("click", () => {
      const falls = head.ariaSort ? head.ariaSort === "ascending" : isNumber;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.ariaSort = falls ? "descending" : "ascending";
      const sign = falls ? -1 : 1;
      const order = (a, b) => (isNumber ? a - b : a.localeCompare(b));
      body.append(...[...rows].sort((a, b) => sign * order(value(a), value(b))));
    });
  });
}
