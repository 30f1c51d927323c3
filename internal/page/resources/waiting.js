// Makes the waiting page go on by itself: asks the server whether the link
// was opened, counts down to when a new mail may be sent, and says when the
// mail is late. Without it the page has a button for each. A page that only
// counts down has nothing that is asked for.
const page = document.querySelector("[data-waiting]");
const started = performance.now();
const { poll, lateIn, endsIn } = page?.dataset ?? {};
const passed = () => (performance.now() - started) / 1000;

// The new mail: its button rests until the seconds are over.
const resend = document.querySelector("[data-resend]");
if (resend) {
  const button = resend.querySelector("button");
  const note = resend.querySelector("[data-countdown]");
  const count = resend.querySelector("[data-count]");
  const rest = (event) => event.preventDefault();
  button.setAttribute("aria-disabled", "true");
  resend.addEventListener("submit", rest);
  const timer = setInterval(() => {
    const left = Math.ceil(Number(resend.dataset.wait) - passed());
    count.textContent = String(Math.max(left, 0));
    if (left > 0) return;
    clearInterval(timer);
    note.hidden = true;
    button.removeAttribute("aria-disabled");
    resend.removeEventListener("submit", rest);
  }, 250);
}

const late = document.querySelector("[data-late]");
if (late?.hidden && lateIn) setTimeout(() => { late.hidden = false; }, Number(lateIn) * 1000);

// The question: the server holds it for up to 25 s. After a failure it is
// asked again later and later, at once when the page is looked at again.
let asking = new AbortController();
let wake = () => {};
const pause = (ms) => new Promise((resolve) => {
  const timer = setTimeout(resolve, ms);
  wake = () => { clearTimeout(timer); resolve(); };
});

async function ask() {
  asking = new AbortController();
  const deadline = setTimeout(() => asking.abort(), 35_000);
  try {
    const answer = await fetch(poll, {
      headers: { Accept: "application/json" }, cache: "no-store", redirect: "error", signal: asking.signal,
    });
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return { over: true };
    if (!answer.ok) throw new Error(String(answer.status));
    return await answer.json();
  } finally {
    clearTimeout(deadline);
  }
}

// A form that was sent leads on by itself: what the server says meanwhile must
// not lead the page away from the answer to it.
let sent = false;
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  sent = true;
  asking.abort();
});

async function wait() {
  for (let failures = 0; !sent && (!endsIn || passed() < Number(endsIn) + 30);) {
    const asked = performance.now();
    try {
      const { next, over } = await ask();
      if (over || sent) return;
      if (next) {
        const url = new URL(next, location.href);
        if (url.origin === location.origin) location.replace(url);
        return;
      }
      failures = 0;
      await pause(Math.max(0, 1000 - (performance.now() - asked)));
    } catch {
      if (sent) return;
      failures += 1;
      await pause(Math.min(30_000, 1000 * 2 ** failures) * (0.75 + Math.random() / 2));
    }
  }
}

if (poll) {
  const opened = document.querySelector("[data-opened]");
  if (opened) opened.hidden = true;
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") wake();
  });
  addEventListener("pagehide", () => asking.abort());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  wait();
}
