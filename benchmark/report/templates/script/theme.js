/* Light or dark: as the system has it until the button says otherwise, and then remembered. */

const THEME = "oneshot-theme";

function watchTheme() {
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const renew = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.setAttribute("aria-description", "switches the colours");
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    keep(THEME, document.documentElement.dataset.theme);
    renew();
  });
  system.addEventListener("change", renew);
  const before = kept(THEME);
  if (before === "dark" || before === "light") document.documentElement.dataset.theme = before;
  button.hidden = false;
  renew();
}

// A browser may refuse storage to a page from a disk; what was chosen then lasts as long as the page.
function keep(name, value) {
  try { localStorage.setItem(name, value); } catch { /* not kept */ }
}

function kept(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

