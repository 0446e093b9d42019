// The float64 truth, and what a kernel may miss it by.

/**
 * `x[m, k] * layer^T (+ bias)` in float64: `y`, and for each output the root of the sum of its squared products, which bounds what rounded operands
 * may be off by, and the same of the terms that weights are made of, which bounds what f32 leaves of sums of those. Of some columns only, where these
 * are named. Slow: for tests.
 */
export function reference(x, layer, columns = Array.from({ length: layer.n }, (_, column) => column)) {
  const { k, bias } = layer;
  const n = columns.length;
  const m = x.length / k;
  if (!Number.isInteger(m)) {
    throw new Q4Error(`x has ${x.length} elements, which are no whole rows of k=${k}`);
  }
  const [y, products, terms] = Array.from({ length: 3 }, () => new Float64Array(m * n));
  for (const [place, column] of columns.entries()) {
    const [row, largest] = [rowOf(layer, column, DECODINGS), rowOf(layer, column, TERMS)];
    for (let at = 0; at < m; at += 1) {
      let [sum, squares, squaredTerms] = [bias ? bias[column] : 0, 0, 0];
      for (let index = 0; index < k; index += 1) {
        const [product, term] = [x[at * k + index] * row[index], x[at * k + index] * largest[index]];
        sum += product;
        squares += product * product;
        squaredTerms += term * term;
      }
      y[at * n + place] = sum;
      products[at * n + place] = Math.sqrt(squares);
      terms[at * n + place] = Math.sqrt(squaredTerms);
    }
  }
  return { y, products, terms };
}

/** The bounds for a variant's sums over k elements; an output is wrong only if it misses every one of them. */
export function tolerance(variant, k) {
  const { encoding, numeric } = variantNamed(variant);
  const steps = FACTS.tolerances[encoding][numeric];
  return steps.find(({ mostK }) => k <= mostK);
}

/** Compares outputs of a variant with the reference: how many are wrong, the largest difference, and the first wrong one. */
export function compare(variant, k, { y, products, terms }, got) {
  // Classes that round their operands miss by a share of the products with whole weights.
  const behind = variantNamed(variant).numeric === 'exact' ? terms : products;
  const { absolute, relative, ofProducts, relativeFloor } = tolerance(variant, k);
  let [wrong, worst, first] = [0, 0, undefined];
  for (let index = 0; index < y.length; index += 1) {
    const difference = Math.abs(got[index] - y[index]);
    const allowed = Math.max(absolute, relative * Math.max(Math.abs(y[index]), relativeFloor), ofProducts * behind[index]);
    if (!(difference <= allowed)) {
      wrong += 1;
      first ??= { index, expected: y[index], got: got[index] };
    }
    worst = Math.max(worst, Number.isNaN(difference) ? Infinity : difference);
  }
  return { outputs: y.length, wrong, worst, first };
}
