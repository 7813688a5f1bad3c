import { explainRefusal, load, ProgramRefused } from 'tsbpftool';

const file = new URL('../../test/fixtures/objects/rejected.bpf.o', import.meta.url);

try {
  load(file).close();
} catch (error) {
  if (!(error instanceof ProgramRefused)) throw error;
  console.log(error.message); // One line: the program, the errno, the verifier's reason.
  const { at, cause, change } = explainRefusal(error.refusal);
  console.log(at?.source, cause, change);
}
