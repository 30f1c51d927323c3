// Submits the page's form once it is really seen: not while the browser only
// prepares the page, and not when the person came back to it.
const form = document.querySelector("form[data-submit]");
const [visit] = performance.getEntriesByType("navigation");
let done = visit?.type === "back_forward";

function go() {
  if (done || document.prerendering || document.visibilityState !== "visible") return;
  done = true;
  form.requestSubmit();
}

document.addEventListener("prerenderingchange", go);
document.addEventListener("visibilitychange", go);
go();
