/**
 * `tsbpftool/testing`: a kernel in memory, for unit tests of programs that use the library. No rights are needed, nothing
 * of the machine is touched, and a test makes as many as it likes.
 */
export {
  type FakeKernel,
  type FakeKernelCounts,
  type FakeKernelOptions,
  fakeKernel,
  type PushOptions,
} from './kernel.ts';
