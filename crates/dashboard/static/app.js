"use strict";
// Brings the live part of the page up to date when the server says that it has changed. Elements stay where they are and
// only what differs is changed, so that focus, open details, scrolling and selection stay too.
(() => {
  const live = document.getElementById("live");
  const connection = document.getElementById("connection");
  let waiting = null;

  // What somebody is selecting, to copy it, must not change under the cursor.
  const isSelecting = () => {
    const selection = document.getSelection();
    return selection && !selection.isCollapsed && live.contains(selection.anchorNode);
  };
  const key = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.dataset.key : undefined);
  const isAlike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);

  // Makes `old` like `next`.
  const morph = (old, next) => {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
      return;
    }
    if (old.isEqualNode(next)) return;
    for (const { name, value } of next.attributes) {
      if (name === "open") continue; // the reader's to change
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (name !== "open" && !next.hasAttribute(name)) old.removeAttribute(name);
    }
    children(old, next);
  };
  const children = (old, next) => {
    const keyed = new Map();
    for (const child of old.childNodes) if (key(child) !== undefined) keyed.set(key(child), child);
    let place = old.firstChild;
    for (const wanted of [...next.childNodes]) {
      const known = key(wanted) === undefined ? place : keyed.get(key(wanted));
      if (known && isAlike(known, wanted)) {
        if (known === place) place = place.nextSibling;
        else old.insertBefore(known, place);
        morph(known, wanted);
      } else {
        old.insertBefore(wanted, place);
      }
    }
    while (place) {
      const after = place.nextSibling;
      place.remove();
      place = after;
    }
  };

  const show = () => {
    if (waiting === null || isSelecting()) return;
    const next = document.createElement("div");
    next.innerHTML = waiting; // made and escaped by the server
    waiting = null;
    children(live, next);
  };
  const say = (text, isLost) => {
    connection.textContent = text;
    document.body.classList.toggle("lost", isLost);
  };

  const source = new EventSource(live.dataset.events);
  source.onopen = () => say("live", false);
  source.onmessage = (event) => {
    waiting = event.data;
    show();
  };
  // A browser gives up where it is refused, and tries again where nobody answers.
  source.onerror = () =>
    say(source.readyState === EventSource.CLOSED ? "no more: load the page again" : "the scheduler does not answer", true);
  document.addEventListener("selectionchange", show);
  // A page that is left must not hold its connection: browsers allow six to one server.
  window.addEventListener("pagehide", () => source.close());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
