"use strict";
// The scripts of the pages, each by itself: run by `node --test`, and by test_page_scripts.py among all tests.
const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { test } = require("node:test");
const { runInThisContext } = require("node:vm");

const FOLDER = join(__dirname, "../../infonet_ros/offline/pages/templates");
const load = (file, name) => runInThisContext(`${readFileSync(join(FOLDER, file), "utf8")};${name}`, { filename: file });
const Page = load("page.js", "Page"), Numbers = load("numbers.js", "Numbers"), Charts = load("charts.js", "Charts");

// ---- tables ----------------------------------------------------------------------------------------------------------

test("numbers sort as numbers, names as people count, and what is not known comes last either way", () => {
  const sorted = (values, descending) => values.toSorted((a, b) => Page.compare(a, b, descending));
  assert.deepEqual(sorted([10, NaN, 9, 1e-6], false), [1e-6, 9, 10, NaN]);
  assert.deepEqual(sorted([10, NaN, 9, 1e-6], true), [10, 9, 1e-6, NaN]);
  assert.deepEqual(sorted(["joint_10", "joint_9", "Arm"], false), ["Arm", "joint_9", "joint_10"]);
});

test("a filter asks for every word, in any case and order", () => {
  assert.ok(Page.matches("odom angular.z imu_data", "IMU odom"));
  assert.ok(!Page.matches("odom angular.z imu_data", "imu laser"));
  assert.ok(Page.matches("anything", ""));
  assert.ok(Page.matches("ranges|min [3].*", "[3].*")); // no regular expression
});

// ---- geometry --------------------------------------------------------------------------------------------------------

test("ticks are round, ascend, and lie within the axis", () => {
  for (const [least, most, count] of [[0, 1.37, 5], [-1, 1, 4], [0, 1e-4, 3], [12.5, 395, 7], [-0.3, 0.9, 9]]) {
    const ticks = Charts.ticks(least, most, count), step = ticks[1] - ticks[0];
    assert.ok(ticks.length >= 2 && ticks.length <= 2 * count + 1, `${ticks}`);
    assert.ok(ticks[0] >= least - 1e-9 && ticks.at(-1) <= most + 1e-9);
    assert.match((step / 10 ** Math.floor(Math.log10(step * 1.0001))).toFixed(3), /^[125]\.000$|^10\.000$/);
  }
  assert.deepEqual(Charts.ticks(3, 3, 4), [3]);
});

test("a scale maps its ends, and a single value to its start", () => {
  assert.equal(Charts.linear([0, 2], [100, 0])(0.5), 75);
  assert.equal(Charts.linear([5, 5], [10, 20])(5), 10);
});

test("a curve breaks where it is not known, and so does its interval", () => {
  assert.equal(Charts.path([0, 1, 2, 3], [5, null, 7, 8]), "M0.0 5.0M2.0 7.0L3.0 8.0");
  assert.equal(Charts.area([0, 1, 2, 3], [1, null, 3, 4], [2, null, 5, 6]), "M2.0 5.0L3.0 6.0L3.0 4.0L2.0 3.0Z");
});

test("a text that has room is whole, however short; of a longer one both ends stay", () => {
  const measureText = (text) => ({ width: 6 * text.length });
  globalThis.document = { body: null, createElement: () => ({ getContext: () => ({ measureText }) }) };
  globalThis.getComputedStyle = () => ({ fontFamily: "sans-serif" });
  assert.deepEqual(["x", "ab", "abc"].map((text) => Charts.fitted(text, 18, 12)), ["x", "ab", "abc"]);
  assert.equal(Charts.fitted("angular.velocity", 60, 12), "angul…city");
  assert.equal(Charts.fitted("x", 5, 12), "…");
  const topics = ["ft_suspension_left_wheel_2", "imu", "ft_suspension_right_wheel_2"];
  assert.deepEqual(Charts.fittedAll(topics, 96, 12), ["ft…left_wheel_2", "imu", "ft…right_wheel_2"]);
  assert.deepEqual(Charts.fittedAll(["tof.ranges[0]", "tof.ranges[1]"], 54, 12), ["tof…[0]", "tof…[1]"]);
});

test("the nearest of ascending values is found", () => {
  assert.equal(Charts.nearest([0, 10, 20], 14), 1);
  assert.equal(Charts.nearest([0, 10, 20], 99), 2);
});

test("colours end where the scale ends", () => {
  const grey = Uint8Array.from({ length: 768 }, (_, k) => Math.floor(k / 3));
  assert.deepEqual(Charts.colour(grey, 0.5, 1), [128, 128, 128]);
  assert.deepEqual(Charts.colour(grey, 7, 1), [255, 255, 255]);
  assert.deepEqual(Charts.colour(grey, -1, 1), [0, 0, 0]);
  assert.ok(Charts.isLight([255, 255, 0]) && !Charts.isLight([68, 1, 84]));
});

// ---- numbers, where Python wrote a page's data: INFONET_PAGE_DATA names its file ------------------------------------

const written = process.env.INFONET_PAGE_DATA && JSON.parse(readFileSync(process.env.INFONET_PAGE_DATA, "utf8"));

test("the page's data is read as Python wrote it", { skip: !written && "no data: run by pytest" }, () => {
  const { data, truth } = written, numbers = Numbers.read(data);
  const close = (value, wanted, within) => wanted === null ? assert.ok(!Number.isFinite(value), `${value}`)
    : assert.ok(Math.abs(value - wanted) <= within, `${value} for ${wanted}`);
  for (let a = 0; a < numbers.N; a++) {
    for (let b = 0; b < numbers.N; b++) {
      close(numbers.mi(a, b, null), truth.mi[a][b], 1e-6);
      truth.windows.forEach((mi, window) => close(numbers.mi(a, b, window), mi[a][b], 2e-4));
      if (a !== b) {
        assert.equal(numbers.isSignificant(a, b, null), truth.significant[a][b]);
        assert.ok(truth.delays[a][b].startsWith(numbers.delayWords(a, b)), `${numbers.delayWords(a, b)}: ${truth.delays[a][b]}`);
        close(numbers.delay(a, b), truth.lag[a][b], 1e-6);
      }
    }
  }
  const { pair: [a, b], ranks, table, curve } = truth;
  const points = numbers.rankPoints(a, b, null, Infinity), flipped = numbers.rankPoints(b, a, null, Infinity);
  assert.equal(points.length, ranks.length);
  points.forEach(([u, v], k) => { close(u, ranks[k][0], 0.003); close(v, ranks[k][1], 0.003); });
  assert.deepEqual(flipped.map(([u, v]) => [v, u]), points);
  for (const [u, v] of [[0, 0], [3, 40], [63, 1]]) {
    const [here, there] = [numbers.discriminant(a, b).at(u, v), numbers.discriminant(b, a).at(v, u)];
    close(Math.min(5, Math.max(-5, here)), table[u][v], 0.03);
    assert.equal(there, here);
  }
  assert.deepEqual(numbers.overDelay(a, b).mi, curve.mi);
  assert.deepEqual(numbers.overDelay(b, a).lags, curve.lags.map((lag) => -lag).toReversed());
});
