// The chart of a change's impact: parties by pattern, those in good standing first.
(() => {
  "use strict";
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-impact]").forEach((place) => {
      if (!window.echarts) return;
      const data = JSON.parse(place.dataset.impact);
      const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
      const chart = echarts.init(place, null, { renderer: "svg" });
      chart.setOption({
        animation: false, textStyle: { fontFamily: "inherit", color: colour("--text") },
        grid: { left: 8, right: 24, top: 32, bottom: 8, containLabel: true },
        legend: { top: 0, textStyle: { color: colour("--text") } }, tooltip: { trigger: "axis" },
        xAxis: { type: "value", axisLabel: { color: colour("--soft") }, splitLine: { lineStyle: { color: colour("--line") } } },
        yAxis: { type: "category", inverse: true, data: data.patterns, axisLabel: { color: colour("--text") } },
        series: [
          { name: place.dataset.known, type: "bar", stack: "parties", data: data.known, color: colour("--series-2") },
          { name: place.dataset.others, type: "bar", stack: "parties", data: data.others, color: colour("--series-1") },
        ],
      });
      window.addEventListener("resize", () => chart.resize());
    });
  });
})();
