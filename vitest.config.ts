import { defineConfig } from 'vitest/config';

/** Tests that need neither root nor a kernel run in parallel; the others share one kernel and run one file at a time. */
const pure = ['unit', 'golden', 'fuzz', 'architecture'];
const live = ['parity', 'kernel'];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
    maxConcurrency: 3,
    projects: [
      ...pure.map((name) => ({
        test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: 30_000, hookTimeout: 60_000 },
      })),
      ...live.map((name) => ({
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          globalSetup: ['test/support/live/global-setup.ts'],
          setupFiles: ['test/support/live/breathe.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          pool: 'forks' as const,
          poolOptions: { forks: { singleFork: true, isolate: true } },
          sequence: { groupOrder: live.indexOf(name) + 1 },
        },
      })),
    ],
  },
});
