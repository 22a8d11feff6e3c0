"use strict";
/** The report: which pair and which window are chosen, and what follows from that. */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent), numbers = Numbers.read(data);
  const { names, labels } = data, palette = Numbers.decode(data.palette, Uint8Array);
  const element = (id) => document.getElementById(id);
  const state = { window: null, a: data.first[0], b: data.first[1], order: data.order }; // window null: the whole recording
  const byTopic = names.map((_, k) => k);
  const MORE = [224, 130, 20], LESS = [128, 115, 172]; // orange and purple (ColorBrewer PuOr), legible with every colour blindness

  // ---- drawing -----------------------------------------------------------------------------------------------------

  function drawMatrix() {
    const { order, window } = state, channel = (k) => order[k];
    Charts.matrix(element("matrix"), {
      labels: order.map((k) => labels[k]), titles: order.map((k) => names[k]), palette, end: data.scale, digits: 2, label: "Mutual information of all pairs of channels",
      value: (row, column) => numbers.mi(channel(row), channel(column), window),
      mark: (row, column) => numbers.isSignificant(channel(row), channel(column), window),
      selected: [order.indexOf(state.a), order.indexOf(state.b)],
      describe: (row, column) => row === column ? [names[channel(row)]]
        : [names[channel(row)], names[channel(column)], ...numbers.about(channel(row), channel(column), window)],
      pick: (row, column) => openPair(channel(row), channel(column)),
    });
  }
  function drawFacts() {
    const { a, b } = state;
    element("pair-title").textContent = `${names[a]} and ${names[b]}`;
    element("pair-facts").textContent = `Whole recording: ${numbers.about(a, b, null).join("; ")}.`;
    for (const link of document.querySelectorAll(".link")) {
      link.classList.toggle("chosen", [`${a},${b}`, `${b},${a}`].includes(link.dataset.pair));
    }
  }
  function drawOverTime() {
    const { a, b, window } = state, { start, end } = data.windows, mi = numbers.overTime("mi", a, b);
    Charts.curve(element("over-time"), {
      x: end, y: mi, lower: numbers.overTime("lower", a, b), upper: numbers.overTime("upper", a, b), height: 230,
      xTitle: data.time_title, yTitle: "MI [nats]", label: "Mutual information of each window", marks: numbers.changes(a, b),
      shade: window === null ? null : [start[window], end[window]],
      describe: (k) => [`${Numbers.fixed(mi[k], 3)} nats`, `window ${start[k].toFixed(1)} to ${end[k].toFixed(1)} s`],
      pick: showWindow,
    });
  }
  function drawRanks() {
    const { a, b, window } = state;
    Charts.ranks(element("ranks"), {
      points: numbers.rankPoints(a, b, null, 2500), chosen: window === null ? [] : numbers.rankPoints(a, b, window, 1500),
      discriminant: numbers.discriminant(a, b), height: 300, more: MORE, less: LESS,
      xTitle: labels[a], yTitle: labels[b], label: "Ranks of both streams",
    });
  }
  function drawOverDelay() {
    const { a, b } = state, curve = numbers.overDelay(a, b), best = numbers.delay(a, b), host = element("over-delay");
    if (!curve) { Charts.say(host, "No curve: the delay is not clear, and the pair is weak.", 300); return; }
    Charts.curve(host, {
      x: curve.lags, y: curve.mi, lower: curve.lower, upper: curve.upper, height: 300, xTitle: `delay of ${labels[b]} [s]`,
      yTitle: "MI [nats]", label: "Mutual information over the delay", marks: best === null ? [] : [best],
      describe: (k) => [`${Numbers.fixed(curve.mi[k], 3)} nats`, `at ${curve.lags[k].toFixed(2)} s`],
    });
  }
  function drawModalities() {
    if (!data.modalities) return;
    const { names: rows, mi, scale } = data.modalities;
    Charts.matrix(element("modalities"), {
      labels: rows, titles: rows, palette, end: scale, digits: 3, label: "Sliced mutual information of topics",
      value: (row, column) => mi[row][column] ?? NaN,
      describe: (row, column) => row === column ? [rows[row]] : [rows[row], rows[column], `${Numbers.fixed(mi[row][column] ?? NaN, 3)} nats`],
    });
  }
  function drawPair() { drawMatrix(); drawFacts(); drawOverTime(); drawRanks(); drawOverDelay(); }

  // ---- what moves --------------------------------------------------------------------------------------------------

  function openPair(a, b) {
    Object.assign(state, { a, b });
    drawPair();
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
    if (state.window === numbers.W - 1) showWindow(0);
    timer = setInterval(() => {
      const next = state.window === null ? 0 : state.window + 1;
      if (next >= numbers.W) stop(); else showWindow(next);
    }, 350);
  }
  /** Arrow keys move through the matrix as it is ordered; from a cell of the diagonal on to the next. */
  function moveBy(key) {
    const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key] ?? [0, 0];
    if (!down && !right) return false;
    let row = state.order.indexOf(state.a), column = state.order.indexOf(state.b);
    do { row += down; column += right; } while (row === column);
    const inside = (k) => k >= 0 && k < numbers.N;
    if (inside(row) && inside(column)) openPair(state.order[row], state.order[column]);
    return true;
  }
  function openFrom(source) {
    openPair(...source.dataset.pair.split(",").map(Number));
    if (source.dataset.window) showWindow(Number(source.dataset.window));
    element("pair").scrollIntoView({ behavior: "smooth", block: "nearest" });
  }

  element("window").addEventListener("input", (event) => { stop(); showWindow(Number(event.target.value)); });
  element("whole").addEventListener("click", () => { stop(); showWindow(null); });
  element("play").addEventListener("click", play);
  element("order").addEventListener("change", (event) => { state.order = event.target.value === "topic" ? byTopic : data.order; drawMatrix(); });
  element("matrix").addEventListener("keydown", (event) => { if (moveBy(event.key)) event.preventDefault(); });
  for (const source of document.querySelectorAll("[data-pair]")) {
    source.addEventListener("click", () => openFrom(source));
    if (source.tabIndex === 0) source.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); openFrom(source); }
    });
  }
  let width = 0;
  new ResizeObserver(() => { // also draws for the first time
    if (width === element("matrix").clientWidth) return;
    width = element("matrix").clientWidth;
    drawPair();
    drawModalities();
  }).observe(element("matrix"));
})();
