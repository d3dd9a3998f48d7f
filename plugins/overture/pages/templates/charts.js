"use strict";
(function () {
  const stated = JSON.parse(document.getElementById("charts").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const drawn = new Map();
  async function draw(place) {
    const spec = stated.specs[Number(place.dataset.chart)];
    const before = drawn.get(place);
    if (before) before.finalize();
    drawn.set(place, await vegaEmbed(place, spec, {
      actions: false, ast: true, mode: "vega-lite", renderer: "canvas", defaultStyle: false,
      tooltip: { disableDefaultStyle: true }, config: stated.themes[dark.matches ? "dark" : "light"],
    }));
  }
  async function drawAll() {
    for (const place of document.querySelectorAll("[data-chart]")) await draw(place);
    performance.mark("drawn");
    document.documentElement.dataset.drawn = dark.matches ? "dark" : "light";
  }
  dark.addEventListener("change", drawAll);
  drawAll();
})();
