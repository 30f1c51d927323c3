// Shows mails as they come. Without it the page is right after a reload.
const live = () => document.getElementById("live");

// A document is read by XMLHttpRequest, which makes one without running it.
function fetchDocument(url) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", url);
    request.responseType = "document";
    request.onload = () => (request.response ? resolve(request.response) : reject(new Error("no document")));
    request.onerror = () => reject(new Error("unreachable"));
    request.send();
  });
}

function put(from, id) {
  const next = from.getElementById(id);
  if (next) document.getElementById(id).replaceWith(document.adoptNode(next));
}

let busy = false;
let again = false;

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    do {
      again = false;
      const home = location.pathname === "/";
      const next = await fetchDocument(location.href);
      const focused = document.activeElement?.getAttribute("href");
      put(next, "list");
      if (home) put(next, "mail"); // an open mail stays as it is
      document.title = next.title;
      if (focused) document.querySelector(`#list a[href="${CSS.escape(focused)}"]`)?.focus();
      say("Live");
    } while (again);
  } catch {
    say("Not connected");
  }
  busy = false;
}

function say(text) {
  if (live()) live().textContent = text;
}

const events = new EventSource("/events");
events.onopen = () => refresh(); // what came while the page was not connected
events.onmessage = () => refresh();
events.onerror = () => say("Not connected");
