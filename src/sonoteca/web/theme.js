// Sets the theme that was chosen before the first paint; without a choice the system's is taken.
(function () {
  let chosen = null;
  try {
    chosen = JSON.parse(localStorage.getItem("sonoteca.theme"));
  } catch {
    // Storage may be refused, or hold what nobody of us wrote; then the system decides.
  }
  const system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  document.documentElement.dataset.theme = chosen === "light" || chosen === "dark" ? chosen : system;
})();
