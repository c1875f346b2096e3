// When the panel shows something, in ms since the navigation began: noted in the page itself, so that nobody polls.
// server_ms runs from the first message the page sent to the one that brought what is shown.
(() => {
  const watch = (window.evoqStopwatch = { sent: [], received: [], waiting: null });
  const now = () => performance.now();
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...address) {
      super(...address);
      this.addEventListener("message", () => watch.received.push(now()));
    }
    send(data) {
      watch.sent.push(now());
      super.send(data);
    }
  };
  const seen = () => {
    if (watch.waiting && watch.waiting.shown()) {
      const { began, done } = watch.waiting;
      const at = now();
      watch.waiting = null;
      const sent = watch.sent.find((each) => each >= began);
      const received = watch.received.filter((each) => each <= at).pop();
      done({ shown_ms: at - began, server_ms: received - sent });
    }
  };
  // Resolves as soon as `shown` says so; `began` is when the wait counts from.
  watch.until = (shown, began = now()) =>
    new Promise((done) => {
      watch.waiting = { shown, began, done };
      seen();
    });
  // From the next input on: until what is written there is something else.
  watch.changed = (selector) => {
    const text = () => document.querySelector(selector)?.innerText;
    const before = text();
    watch.change = new Promise((done) => {
      const typed = () => done(watch.until(() => text() && text() !== before));
      document.addEventListener("input", typed, { once: true, capture: true });
    });
  };
  const has = (selector) => () =>
    [...document.querySelectorAll(selector)].some((each) => !["", "–"].includes(each.innerText.trim()));
  watch.opened = watch.until(has(".evoq-tile-value"), 0);
  new MutationObserver(seen).observe(document, { childList: true, subtree: true, characterData: true });
})();
