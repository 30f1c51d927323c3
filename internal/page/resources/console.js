// What the console adds where scripts run: it notices what is unsaved, and
// closes menus that were left. Every page works without it.
for (const form of document.querySelectorAll("form[data-watch]")) {
  const state = () => new URLSearchParams(new FormData(form)).toString();
  const saved = state();
  const bar = form.querySelector(".savebar");
  const changed = () => form.dataset.wrong !== undefined || state() !== saved;
  const look = () => {
    const is = changed();
    bar?.querySelector(".unsaved")?.toggleAttribute("hidden", !is);
    bar?.querySelector("[type=reset]")?.toggleAttribute("hidden", !is);
  };
  form.addEventListener("input", look);
  form.addEventListener("change", look);
  form.addEventListener("reset", () => setTimeout(look));
  let sent = false;
  form.addEventListener("submit", () => { sent = true; });
  addEventListener("pageshow", () => { sent = false; look(); });
  addEventListener("beforeunload", (e) => { if (!sent && changed()) e.preventDefault(); });
  look();
}
// Fields that are only seen while another has a value: data-when="name=a|b&other=c".
for (const form of new Set([...document.querySelectorAll("[data-when]")].map((e) => e.closest("form")))) {
  const look = () => {
    for (const part of form.querySelectorAll("[data-when]")) {
      part.hidden = !part.dataset.when.split("&").every((one) => {
        const [name, values] = one.split("=");
        const field = form.elements[name];
        const value = field?.type === "checkbox" ? (field.checked ? "on" : "") : field?.value;
        return field === undefined || values.split("|").includes(value);
      });
    }
  };
  form.addEventListener("change", look);
  form.addEventListener("reset", () => setTimeout(look));
  addEventListener("pageshow", look);
  look();
}
// A choice is sent at once when it is made with the mouse; by keyboard, where each
// arrow is a choice, with Enter or when the field is left. Escape takes it back.
for (const select of document.querySelectorAll("select[data-submit]")) {
  let typed = false, saved = select.value;
  const send = () => {
    if (select.value === saved) return;
    saved = select.value;
    select.form.requestSubmit();
  };
  select.addEventListener("pointerdown", () => { typed = false; });
  select.addEventListener("keydown", (e) => {
    typed = true;
    if (e.key === "Escape") select.value = saved;
    if (e.key !== "Enter" || select.value === saved) return;
    e.preventDefault();
    send();
  });
  select.addEventListener("change", () => { if (!typed) send(); });
  select.addEventListener("blur", send);
}
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  });
}
document.addEventListener("click", (e) => {
  for (const menu of document.querySelectorAll("details.acts-menu[open], details.switch[open]")) {
    if (!menu.contains(e.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (e) => {
  if (e.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.acts-menu[open], details.switch[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
