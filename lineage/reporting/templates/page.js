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
