"use strict";
/** Charts of the report as SVG: lines with intervals, matrices, ranks. Colours come from the style sheet. */
const Charts = (() => {
  const BOLD = 1.1; // how much wider bold letters are
  const SVG = "http://www.w3.org/2000/svg";

  // ---- geometry ----------------------------------------------------------------------------------------------------

  function linear([from, to], [start, end]) {
    const slope = to === from ? 0 : (end - start) / (to - from);
    return (value) => start + slope * (value - from);
  }
  /** Round values (1, 2 or 5 times a power of ten apart) from least to most, about `count` of them. */
  function ticks(least, most, count) {
    const rough = (most - least) / count;
    if (!(rough > 0)) return [least];
    const power = 10 ** Math.floor(Math.log10(rough)), step = power * [1, 2, 5, 10].find((k) => k * power >= rough * 0.999);
    const digits = Math.max(0, -Math.floor(Math.log10(step))), values = [];
    for (let k = Math.ceil(least / step - 1e-9); k * step <= most + 1e-9 * step; k++) values.push((k * step).toFixed(digits));
    return values.map(Number);
  }
  /** Path through the points that are known; it breaks where one is not. */
  function path(x, y) {
    let text = "", pen = "M";
    for (let k = 0; k < x.length; k++) {
      if (y[k] === null) { pen = "M"; continue; }
      text += `${pen}${x[k].toFixed(1)} ${y[k].toFixed(1)}`;
      pen = "L";
    }
    return text;
  }
  /** Areas between two curves, one for each run of points that are known. */
  function area(x, lower, upper) {
    let text = "";
    for (let first = 0, last; first < x.length; first = last + 1) {
      last = first;
      while (last < x.length && lower[last] !== null && upper[last] !== null) last++;
      if (last - first < 2) continue;
      const run = x.slice(first, last);
      text += path(run, upper.slice(first, last)) + path(run.toReversed(), lower.slice(first, last).toReversed()).replace("M", "L") + "Z";
    }
    return text;
  }
  /** Index of the value nearest to x among ascending values. */
  function nearest(values, x) {
    let best = 0;
    for (let k = 1; k < values.length; k++) if (Math.abs(values[k] - x) < Math.abs(values[best] - x)) best = k;
    return best;
  }

  // ---- pieces ------------------------------------------------------------------------------------------------------

  /** An element; a title is told on hover. */
  function node(name, attributes = {}, text = "", title = "") {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    if (title) made.append(node("title", {}, title));
    return made;
  }
  /** An empty picture that fills its host, with a function to add to it. */
  function picture(host, height, label) {
    const width = Math.max(200, host.clientWidth);
    const svg = node("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    host.replaceChildren(svg);
    return { svg, width, height, add: (...more) => svg.appendChild(node(...more)) };
  }
  let pen = null;
  function textWidth(texts, size) {
    pen ??= document.createElement("canvas").getContext("2d");
    pen.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
    return Math.max(0, ...texts.map((text) => pen.measureText(text).width));
  }
  /** The text, or as much of both its ends as there is room for. */
  function fitted(text, room, size) {
    if (textWidth([text], size) <= room) return text;
    for (let kept = text.length - 1; kept > 2; kept--) {
      const cut = `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(text.length - Math.floor(kept / 2))}`;
      if (textWidth([cut], size) <= room) return cut;
    }
    return "…";
  }
  const wordsOf = (text) => [...text.matchAll(/\[?[\p{L}\d]+/gu)];
  /** Texts, as far as there is room: without the words that texts with the same first one share. */
  function fittedAll(texts, room, size) {
    const first = texts.map((text) => wordsOf(text)[0]?.[0]);
    const among = (groups) => (text, k) => withoutWords(text, texts.filter((_, j) => groups[j] === groups[k]), room, size);
    const cut = texts.map(among(first)), again = among(cut);
    return cut.map((label, k) => (cut.filter((other) => other === label).length > 1 ? again(texts[k], k) : label));
  }
  /** The text without some words: first those that most texts have, and of these from the middle on. */
  function withoutWords(text, texts, room, size) {
    const words = wordsOf(text), last = words.length - 1;
    const frequency = words.map(([word]) => texts.filter((other) => wordsOf(other).some(([its]) => its === word)).length);
    const outside = (k) => Math.abs(k - last / 2);
    const kept = words.map((_, k) => k).sort((a, b) => frequency[a] - frequency[b] || outside(b) - outside(a) || b - a);
    const end = (k) => (k < 0 ? 0 : words[k].index + words[k][0].length);
    for (; kept.length; kept.pop()) {
      const shown = [...kept].sort((a, b) => a - b);
      const parts = shown.map((k, j) => (k - 1 === (shown[j - 1] ?? -1) ? text.slice(end(k - 1), end(k)) : `…${words[k][0]}`));
      const label = parts.join("") + (shown.at(-1) === last ? text.slice(end(last)) : "…");
      if (textWidth([label], size) <= room) return label;
    }
    return fitted(text, room, size);
  }
  const tip = () => document.getElementById("tip");
  function showTip(event, lines) {
    const box = tip();
    box.textContent = lines.join("\n");
    box.hidden = false;
    const { width, height } = box.getBoundingClientRect();
    box.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 8))}px`;
    box.style.top = `${event.clientY + 18 + height > innerHeight ? event.clientY - height - 10 : event.clientY + 18}px`;
  }
  function hideTip() { tip().hidden = true; }
  /** Lines about what is under the pointer, and a click there; `find` turns a place in the picture into lines and an action. */
  function answer(svg, find) {
    const at = (event) => {
      const box = svg.getBoundingClientRect();
      return find(event.clientX - box.left, event.clientY - box.top);
    };
    svg.addEventListener("pointermove", (event) => { const found = at(event); if (found) showTip(event, found.lines); else hideTip(); });
    svg.addEventListener("pointerleave", hideTip);
    svg.addEventListener("click", (event) => at(event)?.pick?.());
  }
  /** Frame with axes; returns the scales of both. */
  function axes(chart, { x, y, xTitle, yTitle }) {
    const { add, width, height } = chart, right = width - 10, top = 10, bottom = height - 40;
    const levels = ticks(...y, Math.max(2, (bottom - top) / 45)), left = Math.max(46, 28 + textWidth(levels.map(String), 12));
    const sx = linear(x, [left, right]), sy = linear(y, [bottom, top]);
    for (const value of levels) {
      add("line", { class: "grid", x1: left, x2: right, y1: sy(value), y2: sy(value) });
      add("text", { class: "tick", x: left - 6, y: sy(value) + 4, "text-anchor": "end" }, String(value));
    }
    for (const value of ticks(...x, Math.max(2, (right - left) / 60))) {
      add("text", { class: "tick", x: sx(value), y: bottom + 16, "text-anchor": "middle" }, String(value));
    }
    add("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom });
    add("text", { class: "title", x: (left + right) / 2, y: height - 5, "text-anchor": "middle" }, fitted(xTitle, right - left + 20, 12), xTitle);
    add("text", { class: "title", transform: `translate(11 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, yTitle);
    return { sx, sy, left, right, top, bottom };
  }

  // ---- charts ------------------------------------------------------------------------------------------------------

  /**
   * A curve with its interval.
   * x ascending, y, lower, upper with null where not known; marks are vertical lines, shade a stretch [from, to] of x;
   * describe(k) gives the lines about point k, pick(k) is called by a click.
   */
  function curve(host, { x, y, lower, upper, xTitle, yTitle, label, height, marks = [], shade = null, describe, pick }) {
    const chart = picture(host, height, label), known = upper.filter((value) => value !== null);
    const most = Math.max(0.1, ...known) * 1.05, ends = [x[0], x.at(-1) === x[0] ? x[0] + 1 : x.at(-1)];
    const { sx, sy, top, bottom } = axes(chart, { x: ends, y: [0, most], xTitle, yTitle });
    const xs = x.map(sx), place = (values) => values.map((value) => value === null ? null : sy(value));
    if (shade) {
      const from = Math.max(sx(shade[0]), sx(ends[0])), to = Math.max(from + 2, Math.min(sx(shade[1]), sx(ends[1])));
      chart.add("rect", { class: "shade", x: from, y: top, width: to - from, height: bottom - top });
    }
    chart.add("path", { class: "interval", d: area(xs, place(lower), place(upper)) });
    chart.add("path", { class: "curve", d: path(xs, place(y)) });
    const points = y.map((value, k) => value === null ? "" : `M${xs[k].toFixed(1)} ${sy(value).toFixed(1)}h0`);
    if (x.length <= 150) chart.add("path", { class: "points", d: points.join("") });
    for (const mark of marks) chart.add("line", { class: "mark", x1: sx(mark), x2: sx(mark), y1: top, y2: bottom });
    answer(chart.svg, (px) => {
      const k = nearest(xs, px);
      return { lines: y[k] === null ? ["not known"] : describe(k), pick: pick && (() => pick(k)) };
    });
  }

  function say(host, words, height) {
    const chart = picture(host, height, words);
    chart.add("text", { class: "title", x: chart.width / 2, y: height / 2, "text-anchor": "middle" }, words);
  }

  /** Colour of a value on a scale that ends at `end`, from a palette of 256 colours (red, green, blue). */
  function colour(palette, value, end) {
    const k = 3 * Math.round(255 * Math.min(1, Math.max(0, value / end)));
    return [palette[k], palette[k + 1], palette[k + 2]];
  }
  /** Whether black is easier to read on it than white, by luminance (ITU-R BT.709). */
  const isLight = ([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue > 115;

  /** Square image of n × n cells, painted by a function of column and row that gives [red, green, blue, alpha]. */
  function raster(n, paint) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = n;
    const pen = canvas.getContext("2d"), image = pen.createImageData(n, n);
    for (let row = 0; row < n; row++) {
      for (let column = 0; column < n; column++) image.data.set(paint(column, row), 4 * (row * n + column));
    }
    pen.putImageData(image, 0, 0);
    return canvas;
  }
  /** Lay a canvas of cells under a picture. */
  function underlay(host, canvas, left, top, side) {
    canvas.className = "cells";
    canvas.style.cssText = `left:${left}px;top:${top}px;width:${side}px;height:${side}px`;
    host.prepend(canvas);
  }

  /** Where the cells of a matrix with these labels are, in pixels from the upper left corner of the picture. */
  function grid(host, labels) {
    const n = labels.length, width = Math.max(200, host.clientWidth), narrow = width < 520, font = narrow ? 10 : 12;
    const longest = textWidth(labels, font), bar = narrow ? 0 : 54;
    const room = Math.min(BOLD * longest + 9, (narrow ? 0.42 : 0.32) * width);
    const named = (width - room - bar) / n >= 8, left = named ? room : 0; // else there are too many for names beside them
    const cell = Math.min(64, (width - left - bar) / n), below = named && !narrow ? Math.min(0.75 * longest + 14, 190) : 6;
    return { n, left, cell, side: cell * n, below, named, slanted: named && !narrow, hasBar: !narrow, font: Math.min(font, Math.max(8.5, cell)) };
  }
  function addNames(add, { left, cell, side, slanted, font }, labels, titles, selected) {
    const fitting = fittedAll(labels, (left - 8) / BOLD, font);
    fitting.forEach((name, k) => {
      const look = { class: selected?.includes(k) ? "tick chosen" : "tick", "text-anchor": "end", "font-size": font };
      const along = (k + 0.5) * cell + 0.35 * font;
      add("text", { ...look, x: left - 5, y: along }, name, titles[k]);
      if (slanted) add("text", { ...look, transform: `translate(${left + along} ${side + 8}) rotate(-45)` }, name, titles[k]);
    });
  }
  function addValues(add, { n, left, cell }, { value, mark, digits, colours }) {
    const readable = cell >= 34;
    for (let row = 0; row < n; row++) {
      for (let column = 0; column < n; column++) {
        if (!Number.isFinite(value(row, column))) continue;
        const words = [readable ? value(row, column).toFixed(digits) : "", mark(row, column) ? "•" : ""].filter(Boolean).join(" ");
        if (!words) continue;
        const look = { fill: isLight(colours(row, column)) ? "#000" : "#fff", "text-anchor": "middle", "font-size": readable ? 11 : Math.min(12, cell) };
        add("text", { ...look, class: "value", x: left + (column + 0.5) * cell, y: (row + 0.5) * cell + 4 }, words);
      }
    }
  }
  /**
   * A symmetric matrix as coloured cells.
   * value(row, column) in nats, NaN where not known; mark(row, column) draws a dot; selected is [row, column] or null;
   * titles are the labels in full; describe(row, column) gives lines about a cell, pick(row, column) is called by a click.
   */
  function matrix(host, { labels, titles, value, end, palette, label, digits, mark = () => false, selected = null, describe, pick }) {
    const cells = grid(host, labels), { n, left, cell, side } = cells;
    const chart = picture(host, side + cells.below, label), { add } = chart;
    const colours = (row, column) => colour(palette, value(row, column), end);
    const paint = (column, row) => Number.isFinite(value(row, column)) ? [...colours(row, column), 255] : [0, 0, 0, 0];
    underlay(host, raster(n, paint), left, 0, side);
    for (let k = 0; k <= n && cell > 6; k++) add("path", { class: "gap", d: `M${left} ${k * cell}h${side}M${left + k * cell} 0v${side}` });
    if (cells.named) addNames(add, cells, labels, titles, selected);
    addValues(add, cells, { value, mark, digits, colours });
    for (const [row, column] of selected ? [selected, selected.toReversed()] : []) {
      add("rect", { class: "selected", x: left + column * cell, y: row * cell, width: cell, height: cell });
    }
    if (cells.hasBar) colourBar(chart, left + side + 12, Math.min(side, 220), end, palette);
    answer(chart.svg, (x, y) => {
      const column = Math.floor((x - left) / cell), row = Math.floor(y / cell);
      if (column < 0 || row < 0 || column >= n || row >= n) return null;
      return { lines: describe(row, column), pick: pick && row !== column ? () => pick(row, column) : null };
    });
  }
  function colourBar({ add }, x, length, end, palette) {
    for (let k = 0; k < 64; k++) {
      add("rect", { x, y: length * (1 - (k + 1) / 64), width: 12, height: length / 64 + 0.5, fill: `rgb(${colour(palette, k, 63)})` });
    }
    for (const value of ticks(0, end, 4)) add("text", { class: "tick", x: x + 16, y: 9 + (length - 10) * (1 - value / end) }, String(value));
    add("text", { class: "tick", x, y: length + 15 }, "nats");
  }

  /** Points in the unit square over the discriminant: more often together than chance, or less often. */
  function ranks(host, { points, chosen, discriminant, xTitle, yTitle, label, height, more, less }) {
    const side = Math.min(height - 50, Math.max(200, host.clientWidth) - 60);
    const chart = picture(host, height, label), left = 46, top = 10, bottom = top + side, right = left + side, { add } = chart;
    if (discriminant) {
      const { size, at } = discriminant;
      underlay(host, raster(size, (column, row) => {
        const value = at(column, size - 1 - row) / 2.5;
        return [...(value > 0 ? more : less), 255 * Math.min(1, Math.abs(value))];
      }), left, top, side);
    }
    const dots = (list) => list.map(([u, v]) => `M${(left + u * side).toFixed(1)} ${(bottom - v * side).toFixed(1)}h0`).join("");
    add("rect", { class: "frame", x: left, y: top, width: side, height: side });
    add("path", { class: "dots", d: dots(points) });
    add("path", { class: "dots chosen", d: dots(chosen) });
    for (const value of [0, 0.5, 1]) {
      add("text", { class: "tick", x: left + value * side, y: bottom + 16, "text-anchor": "middle" }, String(value));
      add("text", { class: "tick", x: left - 6, y: bottom - value * side + 4, "text-anchor": "end" }, String(value));
    }
    add("text", { class: "title", x: (left + right) / 2, y: bottom + 34, "text-anchor": "middle" }, fitted(xTitle, side + 40, 12), xTitle);
    const upright = `translate(11 ${(top + bottom) / 2}) rotate(-90)`;
    add("text", { class: "title", transform: upright, "text-anchor": "middle" }, fitted(yTitle, side + 10, 12), yTitle);
  }

  return { linear, ticks, path, area, nearest, colour, isLight, fitted, fittedAll, curve, say, matrix, ranks };
})();
