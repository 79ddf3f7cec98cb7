/* Which answers are right, a bit a row, the lowest bit first. */
function decoded(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function ones(byte) {
  let count = 0;
  for (let rest = byte; rest; rest &= rest - 1) count++;
  return count;
}

function paired(base64A, base64B, n) {
  const a = decoded(base64A), b = decoded(base64B), t = { both: 0, onlyA: 0, onlyB: 0, neither: n };
  for (let at = 0; at < a.length; at++) {
    t.both += ones(a[at] & b[at]);
    t.onlyA += ones(a[at] & ~b[at] & 255);
    t.onlyB += ones(~a[at] & b[at] & 255);
  }
  t.neither -= t.both + t.onlyA + t.onlyB;
  return t;
}
