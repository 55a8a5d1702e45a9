/* The test as a page of its own. */

watchTheme();
playSection(document.getElementById("game"), DATA.play);
