// Runs before Streamlit's own scripts: gives it the product's language, and leaves when the session is over.
(function () {
  "use strict";
  var language = document.documentElement.lang;
  Object.defineProperty(navigator, "language", { get: function () { return language; } });
  Object.defineProperty(navigator, "languages", { get: function () { return [language]; } });

  var leaving = false;
  function leave() {
    if (leaving) return;
    leaving = true;
    window.location.assign("/account/login?over=1&next=" + encodeURIComponent(location.pathname + location.search));
  }
  function ask() {
    fetch("/account/ping", { cache: "no-store" }).then(
      function (answer) { if (answer.status === 401) leave(); },
      function () { /* The server is away for a moment; Streamlit says so and connects again by itself. */ }
    );
  }
  setInterval(ask, 15000);
  document.addEventListener("visibilitychange", function () { if (!document.hidden) ask(); });

  // A choice (widgets/choice.py, widgets/fields.py) is written anew once it is made: the keyboard stays where it was.
  var followed = null;
  function stay() {
    if (!followed || document.activeElement !== document.body) return;
    document.querySelectorAll(".stApp nav.choice a").forEach(function (link) {
      var isIt = link.parentElement.getAttribute("aria-label") === followed[0] && link.textContent === followed[1];
      if (isIt) link.focus({ preventScroll: true });
    });
  }
  ["keydown", "pointerdown"].forEach(function (kind) {
    document.addEventListener(kind, function () { followed = null; }, true);
  });

  // Back and Forward: the address alone says what is shown, whatever was chosen since. Streamlit reads it while it is marked.
  window.addEventListener("popstate", function (event) {
    if (!event.isTrusted) return;
    var plain = location.href;
    history.replaceState(history.state, "", location.pathname + location.search + (location.search ? "&" : "?") + "went=1" + location.hash);
    setTimeout(function () { if (location.search.indexOf("went=1") >= 0) history.replaceState(history.state, "", plain); });
  });

  // A link to the same page with other words in its address (a cell of a table) is followed without loading the page anew.
  document.addEventListener("click", function (event) {
    var link = event.target instanceof Element && event.target.closest('.stApp a[href^="?"]');
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    var row = link.closest("nav[aria-label]");
    followed = row && document.activeElement === link ? [row.getAttribute("aria-label"), link.textContent] : null;
    history.pushState(null, "", link.getAttribute("href"));
    window.dispatchEvent(new PopStateEvent("popstate"));
  });

  // A popover whose label changes (that of a step which moves) is made anew; the keyboard stays where it was in it.
  var held = null;
  document.addEventListener("focusin", function (event) {
    var keyed = event.target.closest('[data-testid="stPopoverBody"] [class*="st-key-"]');
    var name = keyed && [].find.call(keyed.classList, function (one) { return one.indexOf("st-key-") === 0; });
    held = name ? { node: event.target, name: name } : null;
  });
  document.addEventListener("pointerdown", function (event) {
    if (!event.target.closest('[data-testid="stPopoverBody"]')) held = null;
  }, true);
  function keepPlace() {
    if (!held || held.node.isConnected || document.activeElement !== document.body) return;
    var again = document.querySelector('[data-testid="stPopoverBody"] .' + held.name + " button");
    if (again) again.focus();
  }

  // A button that is out of use while its file is made loses the keyboard: its dialog has it meanwhile, and the button again afterwards.
  var paused = null;
  document.addEventListener("focusout", function (event) {
    if (!event.target.disabled || event.relatedTarget) return;
    paused = event.target;
    setTimeout(function () {
      var dialog = paused && paused.closest('[role="dialog"]');
      if (dialog && paused.disabled && document.activeElement === document.body) dialog.focus({ preventScroll: true });
    });
  });
  function giveBack() {
    if (!paused || paused.disabled) return;
    var now = document.activeElement, dialog = paused.closest('[role="dialog"]');
    if (paused.isConnected && (now === document.body || now === dialog)) paused.focus({ preventScroll: true });
    paused = null;
  }

  new MutationObserver(function () {
    keepPlace();
    giveBack();
    if (document.querySelector(".st-key-session_over")) leave();
    stay();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
