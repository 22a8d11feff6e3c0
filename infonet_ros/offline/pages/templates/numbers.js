"use strict";
/** The numbers of the report and what is said about them; draws nothing. */
const Numbers = (() => {
  const WHOLE = ["mi", "lower", "upper", "p_value", "p_adjusted", "lag", "delay_lower", "delay_upper"];

  /** Little-endian numbers from base64. */
  function decode(text, Type) {
    const characters = atob(text), bytes = new Uint8Array(characters.length);
    for (let k = 0; k < bytes.length; k++) bytes[k] = characters.charCodeAt(k); // many times as fast as Uint8Array.from
    return new Type(bytes.buffer);
  }
  /** MI of windows in nats, from steps that begin at 1; 0 is not known. */
  function fromSteps(text, step) {
    return Float32Array.from(decode(text, Uint16Array), (value) => value ? (value - 1) * step : NaN);
  }
  /** Decimals of a delay, as `text.delay_digits`. */
  const delayDigits = (seconds) => Math.abs(seconds) >= 1000 ? 0 :
    seconds ? Math.max(2, 1 - Math.floor(Math.log10(Math.abs(seconds)))) : 2;
  const fixed = (value, digits) => Number.isFinite(value) ? value.toFixed(digits) : "–";

  const short = (p) => p < 1e-3 ? p.toExponential(1) : p.toPrecision(2);

  /** Everything in the page's data, by channel, pair and window; a window of null is the whole recording. */
  function read(data) {
    const N = data.names.length, P = N * (N - 1) / 2, W = data.windows.end.length;
    const whole = Object.fromEntries(WHOLE.map((name) => [name, decode(data.overall[name], Float32Array)]));
    const clear = decode(data.overall.clear, Uint8Array);
    const series = Object.fromEntries(["mi", "lower", "upper"].map((name) => [name, fromSteps(data.series[name], data.mi_step)]));
    for (const name of ["p_value", "p_adjusted"]) series[name] = data.series[name] && decode(data.series[name], Float32Array);
    const valid = decode(data.series.valid, Uint8Array);
    const ranks = decode(data.ranks.values, Uint8Array), stamps = decode(data.ranks.stamps, Float64Array);
    const tables = decode(data.tables.values, Uint8Array), G = data.tables.nodes;
    const level = Math.fround(data.significance); // as the p-values are rounded

    /** Index of a pair in the upper triangle, row by row. */
    const pairIndex = (a, b) => a < b ? a * N - a * (a + 1) / 2 + b - a - 1 : pairIndex(b, a);

    function measure(name, a, b, window) {
      const pair = pairIndex(a, b);
      if (window === null) return whole[name][pair];
      return series[name] ? series[name][window * P + pair] : NaN;
    }
    const isValid = (channel, window) => window === null ? data.overall.valid[channel] : valid[window * N + channel] === 1;
    function mi(a, b, window) {
      return a === b || !isValid(a, window) || !isValid(b, window) ? NaN : measure("mi", a, b, window);
    }
    const isSignificant = (a, b, window) => a !== b && measure("p_adjusted", a, b, window) <= level;

    // ---- words, as in the findings ---------------------------------------------------------------------------------

    function delayWords(a, b) {
      const [first, second] = [Math.min(a, b), Math.max(a, b)], pair = pairIndex(a, b), lag = whole.lag[pair];
      if (!clear[pair]) return lag ? "delay not clear" : "no delay";
      const [late, sign] = lag > 0 ? [second, 1] : [first, -1];
      // The interval is of the second channel against the first.
      const ends = [sign * whole.delay_lower[pair], sign * whole.delay_upper[pair]].sort((one, other) => one - other);
      const digits = delayDigits(lag);
      return `${data.names[late]} follows by ${fixed(Math.abs(lag), digits)} s (${ends.map((end) => fixed(end, digits)).join(" to ")} s)`;
    }
    function pWords(a, b, window) {
      const p = measure("p_value", a, b, window);
      return Number.isFinite(p) ? `p = ${short(p)}, adjusted ${short(measure("p_adjusted", a, b, window))}` : "";
    }
    /** Lines about a pair in a window, or in the whole recording. */
    function about(a, b, window) {
      if (!Number.isFinite(mi(a, b, window))) return ["not known"];
      const interval = `${fixed(measure("lower", a, b, window), 2)} to ${fixed(measure("upper", a, b, window), 2)}`;
      const lines = [`${fixed(mi(a, b, window), 3)} nats (${interval})`, pWords(a, b, window)];
      if (window === null) lines.push(delayWords(a, b));
      return lines.filter(Boolean);
    }

    // ---- one pair --------------------------------------------------------------------------------------------------

    /** A measure over the windows, null where it is not known. */
    function overTime(name, a, b) {
      return data.windows.end.map((_, w) => Number.isFinite(mi(a, b, w)) ? measure(name, a, b, w) : null);
    }
    /** First and last sample (exclusive) of a window. */
    function samplesOf(window) {
      if (window === null) return [0, stamps.length];
      const from = data.windows.start[window] - 0.5 / data.rate, until = data.windows.end[window] + 0.5 / data.rate;
      let first = 0, last = stamps.length;
      while (first < last && stamps[first] < from) first++;
      while (last > first && stamps[last - 1] > until) last--;
      return [first, last];
    }
    /** Ranks of both streams at the pair's delay, as [u, v] from 0 to 1, of at most `most` samples of a window. */
    function rankPoints(a, b, window, most) {
      const [first, last] = samplesOf(window);
      const lag = Math.round(whole.lag[pairIndex(a, b)] * data.rate) * (a < b ? 1 : -1) || 0;
      const points = [], step = Math.max(1, Math.ceil((last - first) / most));
      for (let t = first; t < last; t += step) {
        const later = t + lag;
        if (later < 0 || later >= stamps.length) continue;
        const u = ranks[t * N + a], v = ranks[later * N + b];
        if (u && v) points.push([(u - 1) / 254, (v - 1) / 254]);
      }
      return points;
    }
    /** The discriminant as a function of grid indices (u of a, v of b), or null where the page does not have it. */
    function discriminant(a, b) {
      const place = data.tables.pairs.indexOf(pairIndex(a, b));
      if (place < 0) return null;
      const at = (u, v) => (tables[(place * G + u) * G + v] - 128) * data.tables.step;
      return { size: G, at: a < b ? at : (u, v) => at(v, u) };
    }
    /** MI over the delay of b after a, or null. */
    function overDelay(a, b) {
      const curve = data.curves.find((one) => one.pair === pairIndex(a, b));
      if (!curve) return null;
      if (a < b) return curve;
      const flipped = Object.fromEntries(["mi", "lower", "upper"].map((name) => [name, curve[name].toReversed()]));
      return { ...flipped, lags: curve.lags.map((lag) => -lag).toReversed() };
    }
    /** The delay of b after a where it is clear, else null. */
    function delay(a, b) {
      const pair = pairIndex(a, b);
      return clear[pair] ? whole.lag[pair] * (a < b ? 1 : -1) : null;
    }
    const changes = (a, b) => data.changes.filter((change) => change.pair === pairIndex(a, b)).map((change) => change.time);

    return { N, W, mi, isSignificant, delayWords, about, overTime, rankPoints, discriminant, overDelay, delay, changes };
  }
  return { decode, fixed, read };
})();
