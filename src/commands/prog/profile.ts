import { fail, type Handler } from '../../cli/index.ts';

/** `prog profile`: what the reference says in builds without skeletons, which Debian's is; but a failure (E3). */
export const profile: Handler = () =>
  fail('bpftool prog profile command is not supported. Please build bpftool with clang >= 10.0.0');
