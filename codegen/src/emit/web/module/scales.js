// Scales in the order and format of the device.

/** A reader and a writer for each format: of a value, its bits; of bits, their value. */
const SCALE_FORMATS = {
  f32: { array: Float32Array, bits: (value) => value, value: (bits) => bits },
  f16: { array: Uint16Array, bits: halfBits, value: halfValue },
  bf16: { array: Uint16Array, bits: bfloatBits, value: bfloatValue },
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

/** The layer as a device computes with it, where it stores scales in this format. */
function withStoredScales(layer, format) {
  const { bits, value } = SCALE_FORMATS[format];
  const { n, k, groupSize } = layer;
  const stored = (scale, index) => {
    if (index % paddedN(n) >= n) {
      return 0;
    }
    const rounded = value(bits(scale));
    if (!Number.isFinite(rounded) || (rounded === 0) !== (scale === 0)) {
      throw new Q4Error(
        `scales[${index}] is ${scale}, which ${format} cannot hold for n=${n} k=${k} groupSize=${groupSize}; store the scales as f32`,
      );
    }
    return rounded;
  };
  return { ...layer, scales: layer.scales.map(stored) };
}

/** The scales of columns `first` to `end` as a device stores them, in whole words. */
function storedScales({ n, k, groupSize, scales }, { format, order }, first, end) {
  const { array, bits } = SCALE_FORMATS[format];
  const groups = groupsOf(k, groupSize);
  const count = end - first;
  const values = order === 'columns' ? count * groups : paddedN(count) * groups;
  const perWord = Uint32Array.BYTES_PER_ELEMENT / array.BYTES_PER_ELEMENT;
  const stored = new array(nextMultiple(values, perWord));
  for (let group = 0; group < groups; group += 1) {
    for (let column = 0; column < count; column += 1) {
      const at = order === 'columns' ? column * groups + group : group * paddedN(count) + column;
      stored[at] = bits(scales[group * paddedN(n) + first + column]);
    }
  }
  return stored;
}
