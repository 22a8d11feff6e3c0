"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const names = data.names, N = names.length, P = N * (N - 1) / 2, W = data.windows.end.length;
  const element = (id) => document.getElementById(id);

  // ---- arrays ------------------------------------------------------------------------------------------------------

  function decode(text, Type) {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new Type(bytes.buffer);
  }
  const series = {}, overall = {};
  for (const name of ["mi", "lower", "upper", "p_value", "p_adjusted", "lag"]) {
    series[name] = data.series[name] === null ? null : decode(data.series[name], Float32Array);
    overall[name] = decode(data.overall[name], Float32Array);
  }
  const level = Math.fround(data.significance); // as the p-values are rounded
  const valid = decode(data.series.valid, Uint8Array);
  const ranks = decode(data.ranks.values, Uint16Array), stamps = decode(data.ranks.stamps, Float64Array);
  const tables = decode(data.tables.values, Uint8Array), G = data.tables.nodes;

  /** Index of a pair in the upper triangle, row by row. */
  const pairIndex = (a, b) => a < b ? a * N - a * (a + 1) / 2 + b - a - 1 : pairIndex(b, a);
  const known = (value) => Number.isFinite(value) ? value : null;
  const number = (value, digits) => Number.isFinite(value) ? value.toFixed(digits) : "–";

  /** Names are untrusted: nothing in them may be taken for the markup that plotly knows. */
  const safe = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const short = (text, most = 26) => safe(text.length <= most ? text : text.slice(0, 8) + "…" + text.slice(9 - most));

  // ---- state -------------------------------------------------------------------------------------------------------

  const state = { window: null, a: data.first[0], b: data.first[1] }; // window null: the whole recording
  const FONT = { family: "system-ui, Segoe UI, Roboto, sans-serif", size: 12, color: "#1b1f24" };
  const CONFIG = { displaylogo: false, responsive: true, modeBarButtons: [["toImage", "resetScale2d"]] };
  // Less often than chance: purple; more often: orange (ColorBrewer PuOr, legible with every kind of colour blindness).
  const DIVERGING = ["#542788", "#8073ac", "#b2abd2", "#d8daeb", "#f7f7f7", "#fee0b6", "#fdb863", "#e08214", "#b35806"]
    .map((colour, k) => [k / 8, colour]);
  const layout = (more) => ({
    font: FONT, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, hovermode: "closest",
    modebar: { bgcolor: "rgba(0,0,0,0)", color: "#b3bbc3", activecolor: "#31688e" },
    margin: { l: 52, r: 12, t: 26, b: 40 }, ...more,
  });
  const axis = (title, more) => ({ title: { text: title, standoff: 8 }, gridcolor: "#e8ebee", zeroline: false, ...more });

  /** Value of a measure for a pair: in the chosen window, or in the whole recording. */
  function measure(name, pair) {
    if (state.window === null) return overall[name][pair];
    return series[name] === null ? NaN : series[name][state.window * P + pair];
  }
  function isValid(channel) {
    return state.window === null ? data.overall.valid[channel] : valid[state.window * N + channel] === 1;
  }

  // ---- the matrix --------------------------------------------------------------------------------------------------

  function delayWords(a, b, lag) {
    if (!Number.isFinite(lag) || lag === 0) return "no delay";
    return `${safe(lag > 0 ? names[b] : names[a])} follows by ${Math.abs(lag).toFixed(2)} s`;
  }
  function pWords(p, adjusted) {
    return Number.isFinite(p) ? `, p = ${p.toPrecision(2)}, adjusted ${adjusted.toPrecision(2)}` : "";
  }
  function cells() {
    const z = [], text = [], hover = [];
    for (let a = 0; a < N; a++) {
      const row = [], words = [], details = [];
      for (let b = 0; b < N; b++) {
        const pair = a === b ? 0 : pairIndex(a, b);
        const mi = a === b || !isValid(a) || !isValid(b) ? NaN : measure("mi", pair);
        const mark = a !== b && measure("p_adjusted", pair) <= level ? "•" : "";
        row.push(known(mi));
        words.push(Number.isFinite(mi) && N <= 16 ? `${number(mi, 2)} ${mark}`.trim() : mark);
        const what = `${safe(names[a])}<br>${safe(names[b])}<br>`;
        const lag = a < b ? measure("lag", pair) : -measure("lag", pair);
        details.push(a === b ? safe(names[a]) : !Number.isFinite(mi) ? what + "not known" : what +
          `<b>${number(mi, 3)} nats</b> [${number(measure("lower", pair), 2)}, ${number(measure("upper", pair), 2)}]` +
          `${pWords(measure("p_value", pair), measure("p_adjusted", pair))}<br>${delayWords(a, b, lag)}`);
      }
      z.push(row); text.push(words); hover.push(details);
    }
    return { z, text, hover };
  }
  function drawMatrix() {
    const { z, text, hover } = cells();
    const index = names.map((_, k) => k), labels = names.map((name) => short(name));
    const size = N <= 16 ? 12 : N <= 24 ? 10 : 8;
    const ticks = { tickvals: index, ticktext: labels, automargin: true, tickfont: { size }, showgrid: false, zeroline: false, ticks: "" };
    const frame = { type: "rect", line: { color: "#d1495b", width: 2 } };
    const box = (x, y) => ({ ...frame, x0: x - 0.5, x1: x + 0.5, y0: y - 0.5, y1: y + 0.5 });
    Plotly.react("matrix", [{
      type: "heatmap", z, x: index, y: index, text, hovertext: hover, hoverinfo: "text", texttemplate: "%{text}",
      textfont: { size: N <= 10 ? 12 : 10 }, zmin: 0, zmax: data.scale, colorscale: "Viridis", xgap: 1, ygap: 1,
      colorbar: { title: { text: "nats", side: "right" }, thickness: 12, outlinewidth: 0, len: 0.75 },
    }], layout({
      xaxis: { ...ticks, tickangle: -45, constrain: "domain" },
      yaxis: { ...ticks, autorange: "reversed", scaleanchor: "x", constrain: "domain" },
      margin: { l: 20, r: 10, t: 10, b: 20 }, plot_bgcolor: "#eceff2", shapes: [box(state.a, state.b), box(state.b, state.a)],
    }), CONFIG);
  }

  // ---- one pair ----------------------------------------------------------------------------------------------------

  function drawFacts() {
    const { a, b } = state, pair = pairIndex(a, b), lag = overall.lag[pair];
    element("pair-title").textContent = `${names[a]}  ↔  ${names[b]}`;
    const delay = !Number.isFinite(lag) || lag === 0 ? "without delay"
      : `where ${lag > 0 ? names[b] : names[a]} follows by ${Math.abs(lag).toFixed(2)} s`;
    element("pair-facts").textContent = !Number.isFinite(overall.mi[pair]) ? "Not known over the whole recording." :
      `Whole recording: ${number(overall.mi[pair], 3)} nats, 90 % interval ${number(overall.lower[pair], 2)} to ` +
      `${number(overall.upper[pair], 2)}, ${delay}${pWords(overall.p_value[pair], overall.p_adjusted[pair])}.`;
  }
  function drawOverTime() {
    const pair = pairIndex(state.a, state.b), x = data.windows.end, mi = [], lower = [], upper = [];
    for (let w = 0; w < W; w++) {
      const good = valid[w * N + state.a] && valid[w * N + state.b];
      mi.push(good ? known(series.mi[w * P + pair]) : null);
      lower.push(good ? known(series.lower[w * P + pair]) : null);
      upper.push(good ? known(series.upper[w * P + pair]) : null);
    }
    const shapes = data.changes.filter((change) => change.pair === pair).map((change) => ({
      type: "line", x0: change.time, x1: change.time, yref: "paper", y0: 0, y1: 1, line: { color: "#d1495b", width: 1.5, dash: "dot" },
    }));
    if (state.window !== null) shapes.push({
      type: "rect", x0: data.windows.start[state.window], x1: x[state.window], yref: "paper", y0: 0, y1: 1,
      fillcolor: "#31688e", opacity: 0.13, line: { width: 0 },
    });
    const band = { x, mode: "lines", line: { width: 0 }, hoverinfo: "skip" };
    Plotly.react("over-time", [
      { ...band, y: upper }, { ...band, y: lower, fill: "tonexty", fillcolor: "rgba(49,104,142,0.2)" },
      { x, y: mi, mode: "lines+markers", line: { color: "#31688e", width: 1.5 }, marker: { size: 4 },
        hovertemplate: "%{y:.3f} nats in the window up to %{x:.1f} s<extra></extra>" },
    ], layout({ xaxis: axis(data.time_title), yaxis: axis("MI [nats]", { rangemode: "tozero" }), shapes }), CONFIG);
  }
  /** Ranks of both streams at the pair's delay, of the samples from `first` to before `last`, at most `most` of them. */
  function rankPoints(first, last, most) {
    const lag = Math.round(overall.lag[pairIndex(state.a, state.b)] * data.rate) * (state.a < state.b ? 1 : -1) || 0;
    const x = [], y = [], step = Math.max(1, Math.ceil((last - first) / most));
    for (let t = first; t < last; t += step) {
      const later = t + lag;
      if (later < 0 || later >= stamps.length) continue;
      const u = ranks[t * N + state.a], v = ranks[later * N + state.b];
      if (u && v) { x.push(u / 65535); y.push(v / 65535); }
    }
    return { x, y };
  }
  function windowSamples() {
    const from = data.windows.start[state.window] - 0.5 / data.rate, until = data.windows.end[state.window] + 0.5 / data.rate;
    let first = 0, last = stamps.length;
    while (first < last && stamps[first] < from) first++;
    while (last > first && stamps[last - 1] > until) last--;
    return [first, last];
  }
  function drawRanks() {
    const { a, b } = state, place = data.tables.pairs.indexOf(pairIndex(a, b)), traces = [];
    if (place >= 0) {
      const z = [], centres = Array.from({ length: G }, (_, k) => (k + 0.5) / G);
      for (let v = 0; v < G; v++) {
        z.push(centres.map((_, u) => (tables[place * G * G + (a < b ? u * G + v : v * G + u)] - 128) * data.tables.step));
      }
      traces.push({ type: "heatmap", z, x: centres, y: centres, zmin: -2.5, zmax: 2.5, colorscale: DIVERGING,
        showscale: false, hovertemplate: "θ = %{z:.2f}<extra></extra>" });
    }
    const all = rankPoints(0, stamps.length, 2500);
    traces.push({ ...all, mode: "markers", marker: { size: 2.5, color: "rgba(20,24,28,0.4)" }, hoverinfo: "skip" });
    if (state.window !== null) {
      const chosen = rankPoints(...windowSamples(), 1500);
      traces.push({ ...chosen, mode: "markers", marker: { size: 5, color: "#d1495b", line: { color: "#fff", width: 0.5 } }, hoverinfo: "skip" });
    }
    const unit = { range: [0, 1], showgrid: false, constrain: "domain" };
    Plotly.react("ranks", traces, layout({
      xaxis: axis("rank of " + short(names[a]), unit), yaxis: axis("rank of " + short(names[b]), { ...unit, scaleanchor: "x" }),
    }), CONFIG);
  }
  function drawOverDelay() {
    const pair = pairIndex(state.a, state.b), curve = data.curves.find((one) => one.pair === pair);
    const sign = state.a < state.b ? 1 : -1;
    const axes = { xaxis: axis(`delay of ${short(names[state.b], 20)} [s]`), yaxis: axis("MI [nats]", { rangemode: "tozero" }) };
    if (!curve) {
      const words = "drawn for clear delays and the strongest pairs only";
      Plotly.react("over-delay", [], layout({ ...axes, annotations: [{ text: words, showarrow: false, xref: "paper", yref: "paper", x: 0.5, y: 0.5 }] }), CONFIG);
      return;
    }
    const x = curve.lags.map((lag) => sign * lag), best = sign * overall.lag[pair];
    const band = { x, mode: "lines", line: { width: 0 }, hoverinfo: "skip" };
    Plotly.react("over-delay", [
      { ...band, y: curve.upper }, { ...band, y: curve.lower, fill: "tonexty", fillcolor: "rgba(49,104,142,0.2)" },
      { x, y: curve.mi, mode: "lines+markers", line: { color: "#31688e" }, marker: { size: 4 },
        hovertemplate: "%{y:.3f} nats at %{x:.2f} s<extra></extra>" },
    ], layout({ ...axes, shapes: [{ type: "line", x0: best, x1: best, yref: "paper", y0: 0, y1: 1, line: { color: "#d1495b", width: 1.5, dash: "dot" } }] }), CONFIG);
  }

  // ---- what moves --------------------------------------------------------------------------------------------------

  function openPair(a, b) {
    Object.assign(state, { a, b });
    drawMatrix(); drawFacts(); drawOverTime(); drawRanks(); drawOverDelay();
  }
  function showWindow(window) {
    state.window = window;
    element("whole").setAttribute("aria-pressed", window === null);
    element("moment").value = window === null ? "whole recording"
      : `${data.windows.start[window].toFixed(1)} – ${data.windows.end[window].toFixed(1)} s`;
    if (window !== null) element("window").value = window;
    drawMatrix(); drawOverTime(); drawRanks();
  }
  let timer = null;
  function stop() { clearInterval(timer); timer = null; element("play").textContent = "▶"; }
  function play() {
    if (timer !== null) { stop(); return; }
    element("play").textContent = "⏸";
    if (state.window === W - 1) showWindow(0);
    timer = setInterval(() => {
      const next = state.window === null ? 0 : state.window + 1;
      if (next >= W) stop(); else showWindow(next);
    }, 350);
  }

  element("window").addEventListener("input", (event) => { stop(); showWindow(Number(event.target.value)); });
  element("whole").addEventListener("click", () => { stop(); showWindow(null); });
  element("play").addEventListener("click", play);
  for (const row of document.querySelectorAll("[data-pair]")) {
    row.addEventListener("click", () => {
      openPair(...row.dataset.pair.split(",").map(Number));
      if (row.dataset.window) showWindow(Number(row.dataset.window));
      element("pair").scrollIntoView({ behavior: "smooth", block: "nearest" });
    });
  }
  showWindow(null);
  openPair(state.a, state.b);
  element("matrix").on("plotly_click", (event) => {
    const { x, y } = event.points[0];
    if (x !== y) openPair(Math.min(x, y), Math.max(x, y));
  });
  element("over-time").on("plotly_click", (event) => { stop(); showWindow(event.points[0].pointIndex); });
  if (data.modalities) {
    const { names: rows, mi } = data.modalities, labels = rows.map((name) => short(name)), index = rows.map((_, k) => k);
    Plotly.react("modalities", [{
      type: "heatmap", z: mi, x: index, y: index, zmin: 0, zmax: data.modalities.scale, colorscale: "Viridis", xgap: 1, ygap: 1, texttemplate: "%{z:.3f}",
      hovertemplate: "%{z:.3f} nats<extra></extra>", colorbar: { title: { text: "nats", side: "right" }, thickness: 12, outlinewidth: 0 },
    }], layout({
      xaxis: { tickvals: index, ticktext: labels, automargin: true, showgrid: false, zeroline: false, constrain: "domain" },
      yaxis: { tickvals: index, ticktext: labels, automargin: true, showgrid: false, zeroline: false, autorange: "reversed", scaleanchor: "x", constrain: "domain" },
      plot_bgcolor: "#eceff2",
    }), CONFIG);
  }
})();
