// Weights in host memory: the q4gsw layout, and how rows of f32 become it.

/** What was given, what was expected and what to do. */
export class Q4Error extends Error {
  name = 'Q4Error';
}

const HALF_BYTE = (1 << FACTS.layout.bits) - 1;

const divCeil = (value, by) => Math.ceil(value / by);
const nextMultiple = (value, of) => divCeil(value, of) * of;

const packedK = (k) => divCeil(k * FACTS.layout.bits, 8);
const paddedN = (n) => nextMultiple(n, FACTS.layout.paddedNMultiple);
const groupsOf = (k, groupSize) => divCeil(k, groupSize);

function checkShape({ n, k, groupSize }) {
  for (const [name, value] of Object.entries({ n, k, groupSize })) {
    if (!Number.isInteger(value) || value < 1 || value > FACTS.mostDimension) {
      throw new Q4Error(`${name} is ${value}; a whole number from 1 to ${FACTS.mostDimension} is expected`);
    }
  }
}

function checkLength(what, given, expected, { n, k, groupSize }) {
  if (given !== expected) {
    throw new Q4Error(`${what} has ${given} elements, and n=${n} k=${k} groupSize=${groupSize} make ${expected}`);
  }
}

/** Checks weights before anything is computed from them. */
function checkLayer(layer) {
  checkShape(layer);
  const { n, k, groupSize, weight, scales, bias } = layer;
  checkLength('weight', weight.length, n * packedK(k), layer);
  checkLength('scales', scales.length, groupsOf(k, groupSize) * paddedN(n), layer);
  const finite = (what, values, index) => {
    if (!Number.isFinite(values[index])) {
      throw new Q4Error(`${what}[${index}] is ${values[index]}; it would lose every output of its column`);
    }
  };
  for (let index = 0; index < scales.length; index += 1) {
    if (index % paddedN(n) < n) {
      finite('scales', scales, index);
    }
  }
  if (bias) {
    checkLength('bias', bias.length, n, layer);
    bias.forEach((_, index) => finite('bias', bias, index));
  }
}

const roundTiesEven = (value) => {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest === 0.5) {
    return below % 2 === 0 ? below : below + 1;
  }
  return rest < 0.5 ? below : below + 1;
};

/**
 * Quantises `[n, k]` weights: symmetric, one scale for each `groupSize` consecutive k of a row. The scale spreads the largest weight of a group over
 * half the width of the quantised range.
 */
export function quantize(weights, { n, k, groupSize }, bias) {
  checkShape({ n, k, groupSize });
  checkLength('weights', weights.length, n * k, { n, k, groupSize });
  const { bits, zeroPoint, quantMin, quantMax } = FACTS.layout;
  const halfWidth = (quantMax - quantMin) / 2;
  const row = packedK(k);
  const weight = new Uint8Array(n * row);
  const scales = new Float32Array(groupsOf(k, groupSize) * paddedN(n));
  for (let column = 0; column < n; column += 1) {
    for (let first = 0; first < k; first += groupSize) {
      const end = Math.min(first + groupSize, k);
      let largest = 0;
      for (let index = first; index < end; index += 1) {
        const value = weights[column * k + index];
        if (!Number.isFinite(value)) {
          throw new Q4Error(`the weight at row ${column}, k ${index} is ${value}; only finite weights can be quantised`);
        }
        largest = Math.max(largest, Math.abs(value));
      }
      const scale = Math.fround(Math.fround(largest) / halfWidth);
      scales[(first / groupSize) * paddedN(n) + column] = scale;
      for (let index = first; index < end; index += 1) {
        const steps = scale === 0 ? 0 : roundTiesEven(Math.fround(Math.fround(weights[column * k + index]) / scale));
        const q = Math.min(Math.max(steps, quantMin), quantMax);
        weight[column * row + (index >> 1)] |= (q + zeroPoint) << (index % 2 === 0 ? 0 : bits);
      }
    }
    if (k % 2 === 1) {
      // The unused nibble of an odd row holds a zero weight.
      weight[(column + 1) * row - 1] |= zeroPoint << bits;
    }
  }
  const layer = { n, k, groupSize, weight, scales };
  return bias ? { ...layer, bias: Float32Array.from(bias) } : layer;
}

/** One row of weights as the kernels multiply by them. */
export function dequantizedRow(layer, column) {
  const { n, k, groupSize, weight, scales } = layer;
  const row = packedK(k);
  return Float32Array.from({ length: k }, (_, index) => {
    const byte = weight[column * row + (index >> 1)];
    const nibble = index % 2 === 0 ? byte & HALF_BYTE : byte >> FACTS.layout.bits;
    const scale = scales[Math.floor(index / groupSize) * paddedN(n) + column];
    return (nibble - FACTS.layout.zeroPoint) * scale;
  });
}
