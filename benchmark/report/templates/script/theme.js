/* Light or dark: as the system has it until the button says otherwise, and then remembered. */

function watchTheme() {
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const renew = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.setAttribute("aria-description", "switches the colours");
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    keep(document.documentElement.dataset.theme);
    renew();
  });
  system.addEventListener("change", renew);
  const before = kept();
  if (before === "dark" || before === "light") document.documentElement.dataset.theme = before;
  button.hidden = false;
  renew();
}

// A browser may refuse storage to a page from a disk; the choice then lasts as long as the page.
function keep(theme) {
  try { localStorage.setItem("oneshot-theme", theme); } catch { /* not kept */ }
}

function kept() {
  try { return localStorage.getItem("oneshot-theme"); } catch { return null; }
}

