// What a device can do, and what a kernel may miss.

/**
 * Opens a device with every feature and limit of the adapter that kernels can use.
 *
 * An engine that has a device already passes that one to `create` instead.
 */
export async function openDevice({ gpu = globalThis.navigator?.gpu, ...options } = {}) {
  if (!gpu) {
    throw new Q4Error('there is no WebGPU here; pages need a recent browser and a secure context (https, or localhost)');
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance', ...options });
  if (adapter === null) {
    throw new Q4Error('the browser has no adapter for WebGPU; its page of GPU diagnostics says why');
  }
  const wanted = [...FACTS.features, 'timestamp-query'];
  return adapter.requestDevice({
    requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])),
  });
}

/** The limits that decide which kernels run and into how many pieces a layer is split. */
const LIMITS = [
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
];

/** Why a device cannot run a variant; undefined if it can. */
function unmet({ needs }, device, languageFeatures) {
  const { limits, features } = device;
  const missing = needs.features.find((feature) => !features.has(feature));
  if (missing !== undefined) {
    return `it needs the feature ${missing}, which the device lacks or did not enable`;
  }
  const word = needs.languageFeatures.find((feature) => !languageFeatures.has(feature));
  if (word !== undefined) {
    return `it needs the language feature ${word}, which this browser's WGSL lacks`;
  }
  const invocations = Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX);
  if (needs.workgroupSize > invocations) {
    return `it needs ${needs.workgroupSize} invocations per workgroup, and the device allows ${invocations}`;
  }
  const bytes = limits.maxComputeWorkgroupStorageSize;
  if (needs.workgroupBytes > bytes) {
    return `it needs ${needs.workgroupBytes} bytes of workgroup memory, and the device allows ${bytes}`;
  }
  return undefined;
}

/** Why a variant does not serve a shape; undefined if it does. */
function refusal({ constraints }, { m, k, groupSize }) {
  const { mostRows, k: onlyK, kMultiple, kMost, groupSize: onlyGroupSize, groupSizeMultiple } = constraints;
  if (m > mostRows) {
    return `it multiplies up to ${mostRows} rows, and m is ${m}`;
  }
  if (onlyK !== null && k !== onlyK) {
    return `it is made for k = ${onlyK}, and k is ${k}`;
  }
  if (k % kMultiple !== 0) {
    return `it needs k % ${kMultiple} == 0, and k is ${k}`;
  }
  if (k > kMost) {
    return `it holds inputs of up to k = ${kMost}, and k is ${k}`;
  }
  if (onlyGroupSize !== null && groupSize !== onlyGroupSize) {
    return `it is made for groupSize = ${onlyGroupSize}, and groupSize is ${groupSize}`;
  }
  if (groupSize % groupSizeMultiple !== 0) {
    return `it needs groupSize % ${groupSizeMultiple} == 0, and groupSize is ${groupSize}`;
  }
  return undefined;
}

/** Bytes of the largest storage buffer that one kernel can use whole, so that byte indices fit a shader's u32. */
function mostBindingBytes({ limits }) {
  const bytes = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, FACTS.mostDimension);
  return bytes - (bytes % Uint32Array.BYTES_PER_ELEMENT);
}

/** A buffer filled with `data`, in whole words and never empty. */
function filledBuffer(device, label, usage, data) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const size = Math.max(nextMultiple(bytes.length, Uint32Array.BYTES_PER_ELEMENT), SMALLEST_BUFFER);
  if (size > device.limits.maxBufferSize) {
    throw new Q4Error(
      `a buffer of ${size} bytes exceeds maxBufferSize, ${device.limits.maxBufferSize} on this device; ask for a higher limit where the adapter has one`,
    );
  }
  const buffer = device.createBuffer({ label, usage, size, mappedAtCreation: true });
  new Uint8Array(buffer.getMappedRange()).set(bytes);
  buffer.unmap();
  return buffer;
}

/** An empty binding is not allowed, and this is the widest element that a kernel reads: `vec4<f32>`. */
const SMALLEST_BUFFER = 16;
