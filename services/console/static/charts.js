// Draws each element with data-chart: {x: [...], series: [{name, values, kind, stack, right}]}.
// Colours are those of the theme; what is drawn is also a table beside it, for whoever cannot see it.
(() => {
  "use strict";
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const option = (data) => {
    const right = data.series.some((one) => one.right);
    const axis = (place) => ({
      type: "value", position: place, max: data.max, minInterval: data.fractions ? 0 : 1,
      splitLine: { show: place === "left", lineStyle: { color: colour("--line") } },
      axisLabel: { color: colour("--soft") },
    });
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      color: [1, 2, 3, 4, 5, 6].map((at) => colour(`--series-${at}`)),
      // The label of a limit stands right of its line.
      grid: { left: 8, right: data.series.some((one) => one.limit !== undefined) ? 40 : 8, top: 32, bottom: 8, containLabel: true },
      legend: { top: 0, left: 0, textStyle: { color: colour("--text") }, itemWidth: 12, itemHeight: 8 },
      tooltip: { trigger: "axis", confine: true, backgroundColor: colour("--raised"), borderColor: colour("--line"), textStyle: { color: colour("--text") } },
      xAxis: { type: "category", data: data.x, axisLabel: { color: colour("--soft"), hideOverlap: true }, axisLine: { lineStyle: { color: colour("--line-strong") } } },
      yAxis: right ? [axis("left"), axis("right")] : axis("left"),
      series: data.series.map((one) => ({
        name: one.name, data: one.values, type: one.kind || "bar", stack: one.stack,
        yAxisIndex: one.right ? 1 : 0, symbol: one.kind === "line" ? "circle" : undefined,
        barMaxWidth: 28, lineStyle: { width: 2, type: one.dashed ? "dashed" : "solid" },
        markLine: one.limit === undefined ? undefined : { silent: true, symbol: "none", data: [{ yAxis: one.limit }], lineStyle: { color: colour("--bad") } },
      })),
    };
  };
  const drawn = new Map();
  const draw = (element) => {
    let chart = drawn.get(element);
    if (!chart) { chart = echarts.init(element, null, { renderer: "svg" }); drawn.set(element, chart); }
    chart.setOption(option(JSON.parse(element.dataset.chart)), true);
  };
  const all = () => {
    for (const [element, chart] of drawn) if (!element.isConnected) { chart.dispose(); drawn.delete(element); }
    document.querySelectorAll("[data-chart]").forEach(draw);
  };
  document.addEventListener("DOMContentLoaded", all);
  document.addEventListener("live", all);
  document.addEventListener("htmx:after:swap", all);
  window.addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
})();
