// The kinds by what they are about. A message may fit several patterns: those that name a cause come before those that
// only name a symptom.
import type { RefusalKind } from './kind.ts';
import { accessKinds } from './kinds/access.ts';
import { callsKinds } from './kinds/calls.ts';
import { flowKinds } from './kinds/flow.ts';
import { instructionsKinds } from './kinds/instructions.ts';
import { locksKinds } from './kinds/locks.ts';
import { memoryKinds } from './kinds/memory.ts';
import { restKinds } from './kinds/rest.ts';

export type { RefusalKind } from './kind.ts';

/** In order of precedence: the first kind that fits any of the lines counts. Texts of Linux 5.4 to 7.x. */
export const refusalKinds: readonly RefusalKind[] = [
  ...instructionsKinds,
  ...memoryKinds,
  ...flowKinds,
  ...callsKinds,
  ...accessKinds,
  ...locksKinds,
  ...restKinds,
];
