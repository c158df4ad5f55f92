"use strict";
// Replaces the live part of the page when the scheduler says that it has changed.
(() => {
  const live = document.getElementById("live");
  const connection = document.getElementById("connection");
  let waiting = null;

  // What somebody is selecting, to copy it, must not vanish under the cursor.
  const isSelecting = () => {
    const selection = document.getSelection();
    return selection && !selection.isCollapsed && live.contains(selection.anchorNode);
  };
  const show = () => {
    if (waiting !== null && !isSelecting()) {
      live.innerHTML = waiting; // made and escaped by the server
      waiting = null;
    }
  };
  const say = (text, isLost) => {
    connection.textContent = text;
    document.body.classList.toggle("lost", isLost);
  };

  const source = new EventSource("/events");
  source.onopen = () => say("live", false);
  source.onmessage = (event) => {
    waiting = event.data;
    show();
  };
  source.onerror = () => say("the scheduler does not answer", true);
  document.addEventListener("selectionchange", show);
})();
