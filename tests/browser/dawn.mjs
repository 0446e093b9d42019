// Dawn, the WebGPU of Chromium, in node.

import { existsSync } from 'node:fs';

import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);

/** The driver that Chromium brings along. Mesa's software Vulkan of Debian 12 lacks what Dawn asks for. */
const SWIFTSHADER = ['/usr/lib/chromium/vk_swiftshader_icd.json'];

/** A device that has every feature and compiles everything, but runs nothing. */
export function compilingDevice() {
  return device(create(['backend=null']));
}

/** A device that runs. */
export function runningDevice() {
  const driver = SWIFTSHADER.find(existsSync);
  if (driver !== undefined) {
    process.env.VK_DRIVER_FILES ??= driver;
    process.env.VK_ICD_FILENAMES ??= driver;
  }
  return device(create([]));
}

/** Dawn lives as long as what `create` returned, and a promise of a dead one is never kept. */
const alive = [];

async function device(gpu) {
  alive.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) {
    throw new Error('Dawn found no adapter; install chromium, which brings SwiftShader, or a Vulkan driver');
  }
  const device = await adapter.requestDevice({
    requiredFeatures: [...adapter.features],
    requiredLimits: limits(adapter),
  });
  return { adapter, device, languageFeatures: gpu.wgslLanguageFeatures };
}

/** All that an adapter has of the limits that kernels care about. */
function limits(adapter) {
  const names = [
    'maxBufferSize',
    'maxComputeInvocationsPerWorkgroup',
    'maxComputeWorkgroupSizeX',
    'maxComputeWorkgroupStorageSize',
    'maxStorageBufferBindingSize',
  ];
  return Object.fromEntries(names.map((name) => [name, adapter.limits[name]]));
}
