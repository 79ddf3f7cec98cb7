/* Paired comparisons, as emt_tasks.statistics has them; a table is { both, onlyA, onlyB, neither }. */
const Z = 1.959963984540054; // two-sided 95 % of a normal distribution

function mcnemar(onlyA, onlyB) {
  const n = onlyA + onlyB, k = Math.min(onlyA, onlyB);
  let log = -n * Math.LN2;
  for (let i = 1; i <= k; i++) log += Math.log((n - k + i) / i);
  let tail = 1, term = 1;
  for (let i = k; i > 0 && term > 1e-18 * tail; i--) tail += (term *= i / (n - i + 1));
  return n === 0 ? 1 : Math.min(1, 2 * Math.exp(log) * tail);
}

function holm(ps) {
  const order = ps.map((_, at) => at).sort((a, b) => ps[a] - ps[b]), corrected = [];
  let highest = 0;
  order.forEach((at, rank) => {
    highest = Math.max(highest, Math.min(1, ps[at] * (ps.length - rank)));
    corrected[at] = highest;
  });
  return corrected;
}

function wilson(right, n) {
  const share = right / n, scale = 1 + Z * Z / n, centre = share + Z * Z / (2 * n);
  const reach = Z * Math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n));
  return [right === 0 ? 0 : (centre - reach) / scale, right === n ? 1 : (centre + reach) / scale];
}

function correlation(t) {
  const n = t.both + t.onlyA + t.onlyB + t.neither;
  const margins = (t.both + t.onlyA) * (t.onlyB + t.neither) * (t.both + t.onlyB) * (t.onlyA + t.neither);
  if (margins === 0) return 0;
  let excess = t.both * t.neither - t.onlyA * t.onlyB;
  if (excess > 0) excess = Math.max(excess - n / 2, 0);
  return excess / Math.sqrt(margins);
}

function joined(one, other, phi) {
  return Math.sqrt(Math.max(one * one - 2 * phi * one * other + other * other, 0));
}

/* B less A with Newcombe's interval: [difference, low, high]. */
function newcombe(t) {
  const n = t.both + t.onlyA + t.onlyB + t.neither, phi = correlation(t);
  const a = (t.both + t.onlyA) / n, b = (t.both + t.onlyB) / n, difference = (t.onlyB - t.onlyA) / n;
  const [lowA, highA] = wilson(t.both + t.onlyA, n), [lowB, highB] = wilson(t.both + t.onlyB, n);
  const low = difference - joined(b - lowB, highA - a, phi), high = difference + joined(highB - b, a - lowA, phi);
  return [difference, Math.max(-1, low), Math.min(1, high)];
}

/* The mean of differences over sets, each of which counts the same: [difference, low, high]. */
function newcombeMean(tables) {
  const each = tables.map(newcombe), square = (sum, number) => sum + number * number;
  const mean = each.reduce((sum, [difference]) => sum + difference, 0) / each.length;
  const below = Math.sqrt(each.map(([at, low]) => at - low).reduce(square, 0)) / each.length;
  const above = Math.sqrt(each.map(([at, , high]) => high - at).reduce(square, 0)) / each.length;
  return [mean, Math.max(-1, mean - below), Math.min(1, mean + above)];
}
