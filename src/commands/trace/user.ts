import { visibleText } from '../../bytes/index.ts';
import { fail } from '../../cli/index.ts';
import type { Kernel } from '../../kernel/index.ts';

/** Ids of a user by name or number, as /etc/passwd has them. */
export function userIds(kernel: Kernel, user: string): { uid: number; gid: number } {
  for (const line of kernel.readText('/etc/passwd').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (gid !== undefined && (name === user || uid === user)) return { uid: Number(uid), gid: Number(gid) };
  }
  if (/^\d{1,9}$/.test(user)) return { uid: Number(user), gid: Number(user) };
  fail(`there is no user '${visibleText(user)}'`);
}
