import { type AttachableProgram, type AttachContext, link, type LoadedLink } from './link.ts';

/** Attaches to the cgroup whose directory is open as `fd`, for the hook the program was loaded for. */
export function attachCgroup(context: AttachContext, program: AttachableProgram, target: { fd: number }): LoadedLink {
  return link(context, program, { to: 'cgroup', target: target.fd, attachType: program.spec.expectedAttachType });
}
