/* Brings the page to life. */

watchTheme();
watchTabs();
document.querySelectorAll("table.sortable").forEach(sortable);
document.querySelectorAll("tr[data-row]").forEach(enliven);
watchFilters();
document.getElementById("compare-open").addEventListener("click", () => showComparison());
scatterSection(document.getElementById("scatter"));
const heat = document.getElementById("heat");
if (heat) gridSection(heat);
playSection(document.getElementById("game"), DATA.play);
