// What a kernel lacks, and whether it may: a test skips by a reason, and the skip fails where the feature must be.
import os from 'node:os';

/** Thrown where the running kernel lacks something; says which feature is missing. */
export class FeatureMissing extends Error {
  override name = 'FeatureMissing';
  readonly feature: string;
  /** The first kernel that has it, as `major.minor`, when known. */
  readonly since: string | undefined;

  constructor(feature: string, since?: string) {
    super(since === undefined ? feature : `${feature} (needs Linux >= ${since})`);
    this.feature = feature;
    this.since = since;
  }
}

/** Debian's kernels in virtual machines refuse the superuser nothing; the machine of a native run may. */
export const inVirtualMachine = process.env.TSBPFTOOL_MACHINE !== undefined;

/** Whether the running kernel is of this version (`6.9`) or newer. */
export function kernelAtLeast(version: string): boolean {
  const numbers = (text: string) => text.split('.').map((part) => Number.parseInt(part, 10));
  const [major = 0, minor = 0] = numbers(os.release());
  const [neededMajor = 0, neededMinor = 0] = numbers(version);
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

/** Whether the running kernel may lack the feature: a kernel new enough must have it. */
export function mayBeMissing({ since }: FeatureMissing): boolean {
  return since === undefined || !kernelAtLeast(since);
}

interface Skippable {
  skip(reason?: string): never;
}

/** Runs a test that the native machine's policy may refuse; Debian's kernels in virtual machines may not. */
export function orSkip(context: Skippable, body: () => void): void {
  try {
    body();
  } catch (error) {
    throw skipped(context, error);
  }
}

/** As `orSkip`, for a test that takes its time. */
export async function orSkipLater(context: Skippable, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    throw skipped(context, error);
  }
}

/** Skips if it may; else answers the error. */
function skipped(context: Skippable, error: unknown): unknown {
  const { errno, message } = error as { errno?: number; message: string };
  if (!inVirtualMachine && errno === 1) context.skip(`this machine refuses it: ${message}`);
  if (error instanceof FeatureMissing && mayBeMissing(error)) context.skip(error.message);
  return error;
}
