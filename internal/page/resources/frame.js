// The frames that keycloak-js puts into an application: one says whether the
// session that the application knows is still this browser's, the others
// whether this browser lets cookies into such frames at all.
const { frame, cookie, next, result } = document.documentElement.dataset;
const allowed = new Map();

async function mayAsk(client, origin) {
  const query = `?${new URLSearchParams({ client_id: client, origin })}`;
  if (!allowed.get(query)) {
    const answer = await fetch(`${next}${query}`, { credentials: "omit", cache: "no-store" });
    allowed.set(query, answer.status === 204);
  }
  return allowed.get(query);
}

async function hash(text) {
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(sum))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function current() {
  const found = document.cookie.split("; ").find((c) => c.startsWith(`${cookie}=`));
  return found ? found.slice(cookie.length + 1) : "";
}

async function compare(client, session, origin) {
  if (document.hasStorageAccess && !(await document.hasStorageAccess())) return "error";
  if (!(await mayAsk(client, origin))) return "error";
  return (session ? await hash(session) : "") === current() ? "unchanged" : "changed";
}

if (frame === "status") {
  addEventListener("message", async (event) => {
    const words = typeof event.data === "string" ? event.data.split(" ") : [];
    if (words.length !== 2 || !words[0] || !event.source || event.origin === "null") return;
    const answer = await compare(words[0], words[1], event.origin).catch(() => "error");
    event.source.postMessage(answer, event.origin);
  });
} else if (frame === "step") {
  location.replace(next);
} else {
  parent.postMessage(result, "*");
}
