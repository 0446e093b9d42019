// The float64 truth, and what a kernel may miss it by.

/**
 * `x[m, k] * layer^T (+ bias)` in float64: `y`, and for each output the root of the sum of its squared products, which bounds what rounded operands
 * may be off by. Slow: for tests.
 */
export function reference(x, layer) {
  const { n, k, bias } = layer;
  const m = x.length / k;
  if (!Number.isInteger(m)) {
    throw new Q4Error(`x has ${x.length} elements, which are no whole rows of k=${k}`);
  }
  const [y, products] = [new Float64Array(m * n), new Float64Array(m * n)];
  for (let column = 0; column < n; column += 1) {
    const row = exactRow(layer, column);
    for (let at = 0; at < m; at += 1) {
      let [sum, squares] = [bias ? bias[column] : 0, 0];
      for (let index = 0; index < k; index += 1) {
        const product = x[at * k + index] * row[index];
        sum += product;
        squares += product * product;
      }
      y[at * n + column] = sum;
      products[at * n + column] = Math.sqrt(squares);
    }
  }
  return { y, products };
}

/** A row of weights in float64: four bits times a scale of 24. */
function exactRow({ n, k, groupSize, weight, scales }, column) {
  const row = packedK(k);
  const values = new Float64Array(k);
  for (let index = 0; index < k; index += 1) {
    const byte = weight[column * row + (index >> 1)];
    const nibble = index % 2 === 0 ? byte & HALF_BYTE : byte >> FACTS.layout.bits;
    values[index] = (nibble - FACTS.layout.zeroPoint) * scales[Math.floor(index / groupSize) * paddedN(n) + column];
  }
  return values;
}

/** The bounds for a variant's sums over k elements; an output is wrong only if it misses every one of them. */
export function tolerance(variant, k) {
  const steps = FACTS.tolerances[variantNamed(variant).numeric];
  return steps.find(({ mostK }) => k <= mostK);
}

/** Compares outputs of a variant with the reference: how many are wrong, the largest difference, and the first wrong one. */
export function compare(variant, k, { y, products }, got) {
  const { absolute, relative, ofProducts, relativeFloor } = tolerance(variant, k);
  let [wrong, worst, first] = [0, 0, undefined];
  for (let index = 0; index < y.length; index += 1) {
    const difference = Math.abs(got[index] - y[index]);
    const allowed = Math.max(absolute, relative * Math.max(Math.abs(y[index]), relativeFloor), ofProducts * products[index]);
    if (!(difference <= allowed)) {
      wrong += 1;
      first ??= { index, expected: y[index], got: got[index] };
    }
    worst = Math.max(worst, Number.isNaN(difference) ? Infinity : difference);
  }
  return { outputs: y.length, wrong, worst, first };
}
