import { gunzipSync } from 'node:zlib';
import type { Kernel } from '../sys/index.ts';
import { kernelRelease } from './version.ts';

/** Text of the running kernel's configuration and where it was read, or why there is none. */
export type KernelConfig =
  | { kind: 'found'; path: string; options: Map<string, string> }
  | { kind: 'missing'; reason: 'open' | 'read' | 'format' };

const maximumText = 8 << 20;

/** Where the running kernel's configuration is, perhaps compressed; undefined where the host has none. Source: libbpf. */
export function kernelConfigPath(kernel: Kernel): string | undefined {
  const places = [`/boot/config-${kernelRelease(kernel)}`, '/proc/config.gz'];
  return places.find((place) => kernel.exists(place));
}

/**
 * The kernel's build options (`CONFIG_X` to its value as written, e.g. `y`, `"text"`, `0x10`); unset ones are absent.
 */
export function kernelConfig(kernel: Kernel): KernelConfig {
  const path = kernelConfigPath(kernel);
  if (path === undefined) return { kind: 'missing', reason: 'open' };
  let text: string;
  try {
    const bytes = kernel.readFile(path);
    const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    text = Buffer.from(compressed ? gunzipSync(bytes, { maxOutputLength: maximumText }) : bytes).toString('utf8');
  } catch {
    return { kind: 'missing', reason: 'read' };
  }
  const lines = text.split('\n');
  if (lines.length < 2) return { kind: 'missing', reason: 'read' };
  if (lines[1] !== '# Automatically generated file; DO NOT EDIT.') return { kind: 'missing', reason: 'format' };
  return { kind: 'found', path, options: parseKernelConfig(lines) };
}

/** The `CONFIG_X=value` lines as a map; the first of repeated ones counts. */
export function parseKernelConfig(lines: readonly string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (const line of lines) {
    const equals = line.indexOf('=');
    if (!line.startsWith('CONFIG_') || equals < 0 || equals === line.length - 1) continue;
    const name = line.slice(0, equals);
    if (!options.has(name)) options.set(name, line.slice(equals + 1));
  }
  return options;
}
