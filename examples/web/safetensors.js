// Reads the layers of a safetensors file that `q4 convert` wrote.

const PREFIX_BYTES = 8;

/** The numbers of a file, by the format of scales: how their bits lie, and what they stand for. */
const FORMATS = {
  f32: { array: Float32Array, value: (bits) => bits },
  f16: { array: Uint16Array, value: halfValue },
  bf16: { array: Uint16Array, value: bfloatValue },
  e8m0: { array: Uint8Array, value: (bits) => 2 ** (bits - 127) },
  e4m3: { array: Uint8Array, value: e4m3Value },
};
/** The levels of a codebook; the scale of the whole tensor follows them. */
const LEVELS = 16;

/** The matrices of a file that the kernels of the page can multiply by, each with a function that makes a layer of it, and why others cannot be taken. */
export async function matricesOf(file) {
  const prefix = new DataView(await file.slice(0, PREFIX_BYTES).arrayBuffer());
  const length = prefix.byteLength === PREFIX_BYTES ? Number(prefix.getBigUint64(0, true)) : Infinity;
  if (length > file.size - PREFIX_BYTES) {
    throw new Error(`${file.name} is no safetensors file: its header would not fit in it`);
  }
  let header;
  try {
    header = JSON.parse(await file.slice(PREFIX_BYTES, PREFIX_BYTES + length).text());
  } catch (error) {
    throw new Error(`${file.name} is no safetensors file: ${error.message}`);
  }
  const list = header.__metadata__?.['q4_kernel.matrices'];
  if (list === undefined) {
    throw new Error(`${file.name} has no 4-bit matrices; make them with: q4 convert ${file.name} -o OUT.safetensors`);
  }

  const tensor = (name) => {
    const [begin, end] = header[name].data_offsets;
    return file.slice(PREFIX_BYTES + length + begin, PREFIX_BYTES + length + end).arrayBuffer();
  };
  const bytes = async (name) => new Uint8Array(await tensor(name));
  const numbers = async (name, { array, value } = FORMATS.f32) => Float32Array.from(new array(await tensor(name)), value);
  /** What a matrix of each encoding has beside its scales. */
  const beside = {
    symmetric: () => ({}),
    zero_point: async (name) => ({ zeroPoints: await bytes(`${name}.q4.zero_points`) }),
    minimum: async (name) => ({ minimums: await numbers(`${name}.q4.minimums`) }),
    codebook: async (name) => {
      const codebook = await numbers(`${name}.q4.codebook`);
      return { levels: codebook.subarray(0, LEVELS).map((level) => level * codebook[LEVELS]) };
    },
  };
  const found = { matrices: [], refused: [] };
  for (const { name, n, k, group_size: groupSize, encoding, scale_format: scaleFormat, bias, input_order: inputOrder } of JSON.parse(list)) {
    const [format, encoded] = [FORMATS[scaleFormat], beside[encoding]];
    const reason = !encoded ? `its encoding is ${encoding}` : inputOrder ? 'its inputs are reordered' : !format ? `its scales are ${scaleFormat}` : undefined;
    if (reason === undefined) {
      const load = async () => ({
        n,
        k,
        groupSize,
        weight: await bytes(`${name}.q4.weight`),
        scales: await numbers(`${name}.q4.scales`, format),
        ...(await encoded(name)),
        ...(bias ? { bias: await numbers(`${name}.q4.bias`) } : {}),
      });
      found.matrices.push({ name, n, k, groupSize, encoding, load });
    } else {
      found.refused.push(`${name}: ${reason}`);
    }
  }
  return found;
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

function bfloatValue(bits) {
  word[0] = bits << 16;
  return float[0];
}

function e4m3Value(bits) {
  const [exponent, mantissa] = [(bits >> 3) & 15, bits & 7];
  const size = exponent === 15 && mantissa === 7 ? NaN : exponent === 0 ? mantissa * 2 ** -9 : (8 + mantissa) * 2 ** (exponent - 10);
  return bits >> 7 ? -size : size;
}

function halfValue(bits) {
  const [exponent, mantissa] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 31 ? (mantissa === 0 ? Infinity : NaN) : exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25);
  return bits >> 15 ? -size : size;
}
