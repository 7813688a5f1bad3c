// Tests that run programs to their end block the process. What vitest's processes say to each other is heard in between:
// unheard for a minute, it gives up, and the files that are left are not run.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from 'vitest';

afterEach(() => sleep(2));
