// Reads the layers of a safetensors file that `q4 convert` wrote.

const PREFIX_BYTES = 8;
const ELEMENTS = { U8: Uint8Array, F32: Float32Array };

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
    throw new Error(`${file.name} has no 4-bit matrices; make them with: q4 convert ${file.name} --format symmetric -o OUT.safetensors`);
  }

  const tensor = async (name) => {
    const { dtype, data_offsets: [begin, end] } = header[name];
    const bytes = await file.slice(PREFIX_BYTES + length + begin, PREFIX_BYTES + length + end).arrayBuffer();
    if (dtype === 'BF16' || dtype === 'F16') {
      return Float32Array.from(new Uint16Array(bytes), dtype === 'F16' ? halfValue : bfloatValue);
    }
    return new ELEMENTS[dtype](bytes);
  };
  const found = { matrices: [], refused: [] };
  for (const { name, n, k, group_size: groupSize, encoding, scale_format: scaleFormat, bias, input_order: inputOrder } of JSON.parse(list)) {
    const reason = encoding !== 'symmetric' ? `its encoding is ${encoding}` : inputOrder ? 'its inputs are reordered' : !['f32', 'f16', 'bf16'].includes(scaleFormat) ? `its scales are ${scaleFormat}` : undefined;
    if (reason === undefined) {
      const load = async () => ({
        n,
        k,
        groupSize,
        weight: await tensor(`${name}.q4.weight`),
        scales: await tensor(`${name}.q4.scales`),
        ...(bias ? { bias: await tensor(`${name}.q4.bias`) } : {}),
      });
      found.matrices.push({ name, n, k, groupSize, load });
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

function halfValue(bits) {
  const [exponent, mantissa] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 31 ? (mantissa === 0 ? Infinity : NaN) : exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25);
  return bits >> 15 ? -size : size;
}
