// The numbers of groups in the order and format of the device.

/**
 * A reader and a writer for each format: of a value, its bits; of bits, their value. Numbers are rounded to 16 bits, and never to 8: `bits` of what a
 * byte does not hold is undefined.
 */
const SCALE_FORMATS = {
  f32: { array: Float32Array, bits: (value) => value, value: (bits) => bits },
  f16: { array: Uint16Array, bits: halfBits, value: halfValue },
  bf16: { array: Uint16Array, bits: bfloatBits, value: bfloatValue },
  e8m0: { array: Uint8Array, bits: e8m0Bits, value: e8m0Value },
  e4m3: { array: Uint8Array, bits: e4m3Bits, value: e4m3Value },
};

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The upper half of an f32, rounded to even. */
function bfloatBits(value) {
  float[0] = value;
  const bits = word[0];
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function bfloatValue(bits) {
  word[0] = bits << 16;
  return float[0];
}

/** IEEE half precision, rounded to even: a step of the target's precision is a power of two, so counting steps is exact. */
function halfBits(value) {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  const exponent = size === 0 ? -14 : Math.max(Math.floor(Math.log2(size)), -14);
  const steps = roundTiesEven(size * 2 ** (10 - exponent));
  // Steps of a normal number begin at 1024, which is the 1 before its mantissa; a carry becomes the next exponent by itself.
  return sign | Math.min((exponent + 14) * 1024 + steps, 0x7c00);
}

function halfValue(bits) {
  const [sign, exponent, mantissa] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) {
    return mantissa === 0 ? sign * Infinity : NaN;
  }
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}

/** A power of two, its exponent biased by 127; the smallest is below the normal numbers of an f32. */
function e8m0Bits(value) {
  const exponent = Math.log2(value);
  return Number.isInteger(exponent) && Math.abs(exponent) <= 127 ? exponent + 127 : undefined;
}

function e8m0Value(bits) {
  return 2 ** (bits - 127);
}

/** A sign, an exponent that is biased by 7, and three bits of mantissa: steps of a normal number begin at 8. */
function e4m3Bits(value) {
  const sign = value < 0 || Object.is(value, -0) ? 0x80 : 0;
  const size = Math.abs(value);
  const exponent = size === 0 ? -6 : Math.max(Math.floor(Math.log2(size)), -6);
  const bits = (exponent + 6) * 8 + size * 2 ** (3 - exponent);
  return Number.isInteger(bits) && bits < 0x7f ? sign | bits : undefined;
}

function e4m3Value(bits) {
  const [sign, exponent, mantissa] = [bits >> 7 ? -1 : 1, (bits >> 3) & 15, bits & 7];
  return sign * (exponent === 0 ? mantissa * 2 ** -9 : (8 + mantissa) * 2 ** (exponent - 10));
}

/** The layer as a device computes with it, where it stores scales, and minimums beside them, in this format. */
function asStoredIn(layer, format) {
  const { bits, value } = SCALE_FORMATS[format];
  const { n, k, groupSize } = layer;
  const refuse = (what, values, index) => {
    throw new Q4Error(
      `${what}[${index}] is ${values[index]}, which ${format} cannot hold for n=${n} k=${k} groupSize=${groupSize}; store the scales as f32`,
    );
  };
  const rounded = (what, mayVanish) => {
    const values = layer[what];
    return values.map((given, index) => {
      if (index % paddedN(n) >= n) {
        return 0;
      }
      const stored = bits(given);
      const held = stored === undefined ? NaN : value(stored);
      if (!Number.isFinite(held) || (!mayVanish && (held === 0) !== (given === 0))) {
        refuse(what, values, index);
      }
      return held;
    });
  };
  const stored = { ...layer, scales: rounded('scales', false) };
  // Beside what a nibble adds, so little does not matter.
  return layer.minimums ? { ...stored, minimums: rounded('minimums', true) } : stored;
}

/** The scales of columns `first` to `end` as a device stores them, in whole words. */
function storedScales(layer, { format, order }, first, end) {
  const { array, bits } = SCALE_FORMATS[format];
  return inOrder(layer, layer.scales, { array, bits, order }, first, end);
}

/** What columns `first` to `end` have beside scales, in whole words: zero points in a byte, minimums as the scales are. Undefined where there is none. */
function storedOffsets(layer, { format, order }, first, end) {
  if (layer.zeroPoints) {
    return inOrder(layer, layer.zeroPoints, { array: Uint8Array, bits: (zero) => zero, order }, first, end);
  }
  return layer.minimums && inOrder(layer, layer.minimums, { ...SCALE_FORMATS[format], order }, first, end);
}

function inOrder({ n, k, groupSize }, numbers, { array, bits, order }, first, end) {
  const groups = groupsOf(k, groupSize);
  const count = end - first;
  const values = order === 'columns' ? count * groups : paddedN(count) * groups;
  const perWord = Uint32Array.BYTES_PER_ELEMENT / array.BYTES_PER_ELEMENT;
  const stored = new array(nextMultiple(values, perWord));
  for (let group = 0; group < groups; group += 1) {
    for (let column = 0; column < count; column += 1) {
      const at = order === 'columns' ? column * groups + group : group * paddedN(count) + column;
      stored[at] = bits(numbers[group * paddedN(n) + first + column]);
    }
  }
  return stored;
}
