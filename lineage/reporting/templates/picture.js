// The values of a picture: one stop of the tabulator, arrow keys from there, and a box that tells.
for (const picture of document.querySelectorAll(".picture")) {
  const box = picture.querySelector(".readout");
  const values = [...picture.querySelectorAll(".value")];
  for (const value of values) {
    const title = value.querySelector("title");
    value.setAttribute("aria-label", title.textContent);
    title.remove();
  }
  const show = (value) => {
    box.hidden = !value;
    if (!value) return;
    box.textContent = value.getAttribute("aria-label").replace(": ", "\n").replaceAll("; ", "\n");
    const here = picture.getBoundingClientRect(), place = value.getBoundingClientRect();
    // Beside what is pointed at, or below what is low; always within the picture.
    const [wide, high] = [box.offsetWidth, box.offsetHeight];
    const isTall = place.height > high;
    const after = place.right - here.left + 8, before = place.left - here.left - wide - 8;
    const left = after + wide > here.width ? before : after;
    const middle = place.left + place.width / 2 - here.left - wide / 2;
    box.style.left = `${Math.max(0, Math.min(isTall ? left : middle, here.width - wide))}px`;
    box.style.top = `${isTall ? place.top - here.top : place.bottom - here.top + 6}px`;
  };
  const move = (event) => {
    const at = values.indexOf(event.target);
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -at, End: values.length };
    if (at < 0 || !(event.key in steps)) return;
    event.preventDefault();
    const next = values[Math.max(0, Math.min(at + steps[event.key], values.length - 1))];
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
  picture.addEventListener("keydown", move);
  picture.addEventListener("focusin", (event) => show(event.target.closest(".value")));
  picture.addEventListener("focusout", () => show(null));
  picture.addEventListener("pointerover", (event) => show(event.target.closest(".value")));
  picture.addEventListener("pointerleave", () => show(null));
  picture.addEventListener("keyup", (event) => event.key === "Escape" && show(null));
}
