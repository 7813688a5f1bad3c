// Runs once before the projects that meet the kernel.

/** Refuses to run tests whose pins and devices would land in the machine's own namespaces. */
export default function setup(): void {
  if (process.env.TSBPFTOOL_SANDBOX !== undefined) return;
  throw new Error('tests of this project need namespaces of their own: start them with `npm test -- --project=NAME`');
}
