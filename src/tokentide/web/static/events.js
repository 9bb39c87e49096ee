// Live changes. A browser opens few connections to one server, so of all tabs one alone listens, and tells the others.
const ADDRESS = "/api/v1/events";
const NAMES = ["changed", "progress", "alert"];
const CHANNEL = "tokentide.events";
const AGAIN_MS = 5_000;

/** Call what `on` holds by an event's name, `refused` where nobody may listen; `on.state` is told how the connection stands. */
export function follow(on) {
  const others = "BroadcastChannel" in window ? new BroadcastChannel(CHANNEL) : null;
  const heard = (message) => (message.name === "state" ? on.state(...message.told) : on[message.name]?.(message.told));
  if (others) others.onmessage = (event) => (event.data.name === "ask" ? undefined : heard(event.data));
  const tell = (message) => { heard(message); others?.postMessage(message); };
  if (!navigator.locks || !others) return listen(tell);
  on.state("live", "live");
  navigator.locks.request(CHANNEL, () => new Promise(() => listen(tell)));
  return undefined;
}

function listen(tell) {
  const stream = new EventSource(ADDRESS);
  stream.onopen = () => tell({ name: "state", told: ["live", "live"] });
  stream.onerror = () => {
    tell({ name: "state", told: ["lost", "connection lost"] });
    if (stream.readyState !== EventSource.CLOSED) return;
    tell({ name: "refused" });
    setTimeout(listen, AGAIN_MS, tell); // a browser does not try again by itself what was refused
  };
  for (const name of NAMES) stream.addEventListener(name, (event) => tell({ name, told: JSON.parse(event.data) }));
  window.addEventListener("pagehide", () => stream.close());
}
