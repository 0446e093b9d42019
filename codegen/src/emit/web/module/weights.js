// The weights of a layer on a device, in as many pieces as bindings ask for, and the calls that were made with them.

/** The weights of one layer on a device. Any kernel of the same format and a fitting shape can multiply by them. */
class Weights {
  #calls = new Map();

  constructor(device, layer, scales) {
    const { n, k, groupSize, levels, bias } = layer;
    Object.assign(this, { device, n, k, groupSize, encoding: encodingOf(layer), scales, hasBias: bias !== undefined });
    const width = chunkWidth(device, layer);
    this.chunks = [];
    for (let first = 0; first < n; first += width) {
      const end = Math.min(first + width, n);
      const row = packedK(k);
      const offsets = storedOffsets(layer, scales, first, end);
      this.chunks.push({
        first,
        end,
        weight: filledBuffer(device, 'q4 weight', USAGE.storage, layer.weight.subarray(first * row, end * row)),
        scales: filledBuffer(device, 'q4 scales', USAGE.storage, storedScales(layer, scales, first, end)),
        bias: bias
          ? filledBuffer(device, 'q4 bias', USAGE.storage, bias.subarray(first, end))
          : (shared(device).dummyBias ??= filledBuffer(device, 'q4 no bias', USAGE.storage, new Uint8Array())),
        offsets: offsets && filledBuffer(device, 'q4 offsets', USAGE.storage, offsets),
        codebook: levels && filledBuffer(device, 'q4 codebook', USAGE.storage, Float32Array.from(levels)),
      });
    }
  }

  /** The buffers that are this layer's alone. */
  #buffers() {
    const own = ({ weight, scales, bias, offsets, codebook }) => [weight, scales, offsets, codebook, ...(this.hasBias ? [bias] : [])];
    return this.chunks.flatMap(own).filter((buffer) => buffer !== undefined);
  }

  /** Bytes on the device: weights, the numbers of their groups, codebook and bias. */
  get bytes() {
    return this.#buffers().reduce((bytes, { size }) => bytes + size, 0);
  }

  /** Forgets the bind groups that earlier dispatches made, and so lets go of the buffers they were made with. */
  forgetBindings() {
    this.#calls.clear();
  }

  /** Gives the memory of the device back. The weights are of no use after that. */
  destroy() {
    this.forgetBindings();
    this.#buffers().forEach((buffer) => buffer.destroy());
  }

  /** The call that is kept under `key`, used last comes last. */
  kept(key, make) {
    const call = this.#calls.get(key) ?? make();
    this.#calls.delete(key);
    this.#calls.set(key, call);
    if (this.#calls.size > MOST_CALLS) {
      this.#calls.delete(this.#calls.keys().next().value);
    }
    return call;
  }
}

/** Enough for every buffer pair of an engine that decodes, and a few prompt lengths. */
const MOST_CALLS = 64;
/** Where it can, a chunk ends at a multiple of this, so that no column of a tile is computed in vain. */
const CHUNK_MULTIPLE = 64;

/** Columns per chunk: all of them, where one binding holds them. */
function chunkWidth(device, { n, k, groupSize }) {
  const limit = mostBindingBytes(device);
  const scaleBytes = groupsOf(k, groupSize) * ELEMENT;
  const padding = FACTS.layout.paddedNMultiple;
  const perColumn = Math.max(packedK(k), ELEMENT);
  const width = Math.min(Math.floor(limit / perColumn), Math.floor(limit / scaleBytes / padding) * padding);
  if (width < 1) {
    throw new Q4Error(`one column of k=${k} does not fit a binding of ${limit} bytes`);
  }
  if (width >= n) {
    return n;
  }
  return width >= CHUNK_MULTIPLE ? width - (width % CHUNK_MULTIPLE) : width;
}
