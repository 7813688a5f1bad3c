// Stands in for vitest where there is none: inside the virtual machines of `npm run test:kernels`. The tests are
// bundled with this module under vitest's name, so each is written once. Assertions are vitest's own.
import {
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  ASYMMETRIC_MATCHERS_OBJECT,
  getState,
  setState,
  GLOBAL_EXPECT,
} from '@vitest/expect';
import * as chai from 'chai';

type Body = (context: TestContext) => unknown;
type Hook = () => unknown;

export interface TestContext {
  skip(reason?: string): never;
  task: { name: string };
}

interface Suite {
  name: string;
  parent: Suite | undefined;
  tests: Test[];
  suites: Suite[];
  hooks: Record<'beforeAll' | 'afterAll' | 'beforeEach' | 'afterEach', Hook[]>;
  skipped: boolean;
}

interface Test {
  name: string;
  body: Body | undefined;
  timeout: number;
  skipped: boolean;
}

/** One line of a run's results. */
export interface TestResult {
  group: string;
  test: string;
  status: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped, or how it failed. */
  told?: string;
  milliseconds: number;
}

class Skipped extends Error {}

const root = newSuite('', undefined);
let current = root;

/** What is declared from here on belongs to another file. */
export function beginFile(): void {
  current = newSuite('', root);
}

function newSuite(name: string, parent: Suite | undefined, skipped = false): Suite {
  const suite: Suite = {
    name,
    parent,
    tests: [],
    suites: [],
    hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
    skipped,
  };
  parent?.suites.push(suite);
  return suite;
}

type Options = { timeout?: number };

function declareSuite(skipped: boolean) {
  return (name: string, optionsOrBody: Options | (() => void), body?: () => void): void => {
    const suite = newSuite(name, current, skipped);
    const outer = current;
    current = suite;
    try {
      (typeof optionsOrBody === 'function' ? optionsOrBody : body)?.();
    } finally {
      current = outer;
    }
  };
}

function declareTest(skipped: boolean) {
  return (name: string, second?: Options | Body, third?: Body | number | Options): void => {
    const body = [second, third].find((value): value is Body => typeof value === 'function');
    const options = [second, third].find((value): value is Options => typeof value === 'object');
    const timeout = typeof third === 'number' ? third : (options?.timeout ?? 60_000);
    current.tests.push({ name, body, timeout, skipped });
  };
}

function format(name: string, row: unknown): string {
  const values = Array.isArray(row) ? row : [row];
  let at = 0;
  const filled = name.replace(/%[sdifjoOp]/g, () => String(values[at++]));
  if (typeof row !== 'object' || row === null) return filled;
  return filled.replace(/\$(\w+)/g, (_whole, key: string) => String((row as Record<string, unknown>)[key]));
}

function withVariants<Declare extends (name: string, ...rest: never[]) => void>(make: (skipped: boolean) => Declare) {
  const declare = make(false);
  const each =
    (target: Declare) =>
    (rows: readonly unknown[]) =>
    (name: string, ...rest: unknown[]) => {
      for (const row of rows) {
        const bound = rest.map((value) =>
          typeof value === 'function'
            ? (context: TestContext) =>
                (value as (...args: unknown[]) => unknown)(...(Array.isArray(row) ? row : [row]), context)
            : value,
        );
        target(format(name, row), ...(bound as never[]));
      }
    };
  return Object.assign(declare, {
    skip: make(true),
    skipIf: (condition: unknown) => make(Boolean(condition)),
    runIf: (condition: unknown) => make(!condition),
    sequential: declare,
    concurrent: declare,
    each: each(declare),
  });
}

export const describe = withVariants(declareSuite);
export const it = withVariants(declareTest);
export const test = it;

export const beforeAll = (hook: Hook): void => void current.hooks.beforeAll.push(hook);
export const afterAll = (hook: Hook): void => void current.hooks.afterAll.push(hook);
export const beforeEach = (hook: Hook): void => void current.hooks.beforeEach.push(hook);
export const afterEach = (hook: Hook): void => void current.hooks.afterEach.push(hook);

let finishers: Hook[] = [];
export const onTestFinished = (hook: Hook): void => void finishers.push(hook);

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const expect = ((value: unknown, message?: string) =>
  chai.expect(value, message)) as unknown as Chai.ExpectStatic &
  ((value: unknown, message?: string) => Chai.Assertion & Record<string, (...args: never[]) => void>);
Object.assign(
  expect,
  chai.expect,
  (globalThis as Record<symbol, object>)[ASYMMETRIC_MATCHERS_OBJECT as unknown as symbol],
);
Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: expect, configurable: true });
setState(
  { ...(getState(expect as never) as object), assertionCalls: 0, isExpectingAssertions: false } as never,
  expect as never,
);

/** Runs the declared tests that `keep` chooses; `report` gets each result as it comes. */
export async function runTests(
  keep: (group: string, test: string) => boolean,
  report: (result: TestResult) => void,
): Promise<void> {
  await runSuite(plan(root, [], keep), report);
}

/** A suite with only what will run in it. */
interface Plan {
  suite: Suite;
  group: string;
  tests: Test[];
  inner: Plan[];
}

function plan(suite: Suite, names: string[], keep: (group: string, test: string) => boolean): Plan {
  const group = names.join(' > ');
  return {
    suite,
    group,
    tests: suite.tests.filter((entry) => keep(group, entry.name)),
    inner: suite.suites
      .map((inner) => {
        inner.skipped ||= suite.skipped;
        return plan(inner, inner.name === '' ? names : [...names, inner.name], keep);
      })
      .filter(({ tests, inner }) => tests.length > 0 || inner.length > 0),
  };
}

async function runSuite({ suite, group, tests, inner }: Plan, report: (result: TestResult) => void): Promise<void> {
  let broken: { error: unknown } | undefined;
  try {
    if (!suite.skipped) for (const hook of suite.hooks.beforeAll) await hook();
  } catch (error) {
    broken = { error };
  }
  for (const entry of tests) {
    const started = Date.now();
    const done = (status: TestResult['status'], told?: string) => {
      const milliseconds = Date.now() - started;
      report({ group, test: entry.name, status, ...(told === undefined ? {} : { told }), milliseconds });
    };
    if (suite.skipped || entry.skipped || entry.body === undefined) {
      done('skipped', 'switched off');
    } else if (broken !== undefined) {
      done('failed', tell(broken.error));
    } else {
      try {
        await runOne(suite, entry);
        done('passed');
      } catch (error) {
        if (error instanceof Skipped) done('skipped', error.message);
        else done('failed', tell(error));
      }
    }
  }
  for (const next of inner) await runSuite(next, report);
  try {
    if (!suite.skipped) for (const hook of suite.hooks.afterAll) await hook();
  } catch (error) {
    report({ group, test: 'afterAll', status: 'failed', told: tell(error), milliseconds: 0 });
  }
}

async function runOne(suite: Suite, entry: Test): Promise<void> {
  const suites: Suite[] = [];
  for (let at: Suite | undefined = suite; at !== undefined; at = at.parent) suites.unshift(at);
  finishers = [];
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${entry.timeout * slow} ms`)), entry.timeout * slow);
  });
  try {
    for (const { hooks } of suites) for (const hook of hooks.beforeEach) await hook();
    const context: TestContext = {
      task: { name: entry.name },
      skip(reason = '') {
        throw new Skipped(reason);
      },
    };
    await Promise.race([entry.body?.(context), limit]);
  } finally {
    clearTimeout(timer);
    for (const hook of finishers.reverse()) await hook();
    for (const { hooks } of suites.reverse()) for (const hook of hooks.afterEach) await hook();
  }
}

/** A machine under emulation is this much slower than the one a time limit was written for. */
const slow = 10;

function tell(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { actual, expected } = error as { actual?: unknown; expected?: unknown };
  const values = expected === undefined ? '' : `\nexpected: ${asText(expected)}\nreceived: ${asText(actual)}`;
  return `${error.message}${values}\n${(error.stack ?? '').split('\n').slice(1, 4).join('\n')}`;
}

/** JSON, with bigints as they are written. */
function asText(value: unknown): string {
  return String(JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner)));
}
