// Weights in host memory: the q4gsw layout, what else an encoding has, and how rows of f32 become it.

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

/** What a layer of each encoding has beside scales, by the name of its field. */
const FIELD_OF = { zero_point: 'zeroPoints', minimum: 'minimums', codebook: 'levels' };

/** How a layer's nibbles and the numbers of their groups make weights. */
export function encodingOf(layer) {
  const given = Object.entries(FIELD_OF).filter(([, field]) => layer[field] !== undefined);
  if (given.length > 1) {
    const fields = given.map(([, field]) => field).join(' and ');
    throw new Q4Error(`the layer has ${fields}; a layer has the numbers of one encoding, or none where it is symmetric`);
  }
  return given[0]?.[0] ?? 'symmetric';
}

function checkShape({ n, k, groupSize }) {
  checkDimensions({ n, k, groupSize });
}

function checkDimensions(dimensions) {
  for (const [name, value] of Object.entries(dimensions)) {
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
  const { n, k, groupSize, weight, scales, zeroPoints, minimums, levels, bias } = layer;
  if (layer.inputOrder !== undefined) {
    throw new Q4Error('the layer has an inputOrder, which this module has no kernel for; put the inputs in that order before they are multiplied, and leave it out');
  }
  encodingOf(layer);
  const numbers = groupsOf(k, groupSize) * paddedN(n);
  checkLength('weight', weight.length, n * packedK(k), layer);
  checkLength('scales', scales.length, numbers, layer);
  const finite = (what, values, index) => {
    if (!Number.isFinite(values[index])) {
      throw new Q4Error(`${what}[${index}] is ${values[index]}; it would lose every output of its column`);
    }
  };
  const finiteWhereUsed = (what, values) => {
    for (let index = 0; index < values.length; index += 1) {
      if (index % paddedN(n) < n) {
        finite(what, values, index);
      }
    }
  };
  finiteWhereUsed('scales', scales);
  if (zeroPoints) {
    checkLength('zeroPoints', zeroPoints.length, numbers, layer);
    if (zeroPoints.BYTES_PER_ELEMENT !== 1) {
      throw new Q4Error('zeroPoints are bytes; a Uint8Array is expected');
    }
  }
  if (minimums) {
    checkLength('minimums', minimums.length, numbers, layer);
    finiteWhereUsed('minimums', minimums);
  }
  if (levels) {
    if (levels.length !== FACTS.layout.levels) {
      throw new Q4Error(`levels has ${levels.length} elements; a codebook has ${FACTS.layout.levels}, one for each nibble`);
    }
    levels.forEach((_, index) => finite('levels', levels, index));
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
  const { zeroPoint, quantMin, quantMax } = FACTS.layout;
  const halfWidth = (quantMax - quantMin) / 2;
  const nibbles = new Uint8Array(n * k);
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
        nibbles[column * k + index] = Math.min(Math.max(steps, quantMin), quantMax) + zeroPoint;
      }
    }
  }
  const layer = { n, k, groupSize, weight: pack(nibbles, { n, k }), scales };
  return bias ? { ...layer, bias: Float32Array.from(bias) } : layer;
}

/** Packs `[n, k]` nibbles of any encoding as kernels read them: two to a byte, even k in the low half, each row on bytes of its own. */
export function pack(nibbles, { n, k }) {
  checkDimensions({ n, k });
  if (nibbles.length !== n * k) {
    throw new Q4Error(`nibbles has ${nibbles.length} elements, and n=${n} k=${k} make ${n * k}`);
  }
  const { bits, zeroPoint } = FACTS.layout;
  const row = packedK(k);
  const weight = new Uint8Array(n * row);
  for (let column = 0; column < n; column += 1) {
    for (let index = 0; index < k; index += 1) {
      const nibble = nibbles[column * k + index];
      if (!Number.isInteger(nibble) || nibble < 0 || nibble > HALF_BYTE) {
        throw new Q4Error(`the nibble at row ${column}, k ${index} is ${nibble}; a whole number from 0 to ${HALF_BYTE} is expected`);
      }
      weight[column * row + (index >> 1)] |= nibble << (index % 2 === 0 ? 0 : bits);
    }
    if (k % 2 === 1) {
      // The unused nibble of an odd row holds what is a zero in symmetric weights.
      weight[(column + 1) * row - 1] |= zeroPoint << bits;
    }
  }
  return weight;
}

/** Of each encoding, the value of a nibble and the numbers of its group, which stand at an index. */
const DECODINGS = {
  symmetric: ({ scales }) => (q, at) => scales[at] * (q - FACTS.layout.zeroPoint),
  zero_point: ({ scales, zeroPoints }) => (q, at) => scales[at] * (q - zeroPoints[at]),
  minimum: ({ scales, minimums }) => (q, at) => scales[at] * q + minimums[at],
  codebook: ({ scales, levels }) => (q, at) => scales[at] * levels[q],
};

/** As `DECODINGS`, what no term that a kernel makes a weight of exceeds: the weight itself, or where it is a difference, that of its parts. */
const TERMS = {
  ...DECODINGS,
  zero_point: ({ scales, zeroPoints }) => (_, at) => scales[at] * Math.max(FACTS.layout.levels, zeroPoints[at]),
  minimum: ({ scales, minimums }) => (_, at) => Math.abs(scales[at]) * FACTS.layout.levels + Math.abs(minimums[at]),
};

/** A value of each weight of a row, in float64: four bits times a scale of 24. */
function rowOf(layer, column, values) {
  const { n, k, groupSize, weight } = layer;
  const row = packedK(k);
  const value = values[encodingOf(layer)](layer);
  return Float64Array.from({ length: k }, (_, index) => {
    const byte = weight[column * row + (index >> 1)];
    const nibble = index % 2 === 0 ? byte & HALF_BYTE : byte >> FACTS.layout.bits;
    return value(nibble, Math.floor(index / groupSize) * paddedN(n) + column);
  });
}

/** One row of weights, rounded to f32. */
export function dequantizedRow(layer, column) {
  return Float32Array.from(rowOf(layer, column, DECODINGS));
}
