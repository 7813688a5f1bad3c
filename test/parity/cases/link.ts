import { all, change, one, type ParityCase } from '../../support/parity/case.ts';
import { linkFixtures } from '../../support/parity/fixtures/links.ts';

export const everyLink = Object.keys(linkFixtures);

/** Showing a link that is there succeeds, whatever errno the reference ends with. */
const shown = { statusOfErrno: true };

export const linkShow: ParityCase[] = [
  ...everyLink.flatMap((key) => all(`link show pinned {pin:${key}}`, shown)),
  ...all('link show id {id:link-xdp}', shown),
  ...all('-f link show pinned {pin:link-xdp}', shown),
  ...all('-f link show id {id:link-cgroup-in}', shown),
  ...all('link show', { needs: ['link-xdp', 'link-cgroup-in'], wholeMachine: true, ...shown }),
  ...all('link list', { needs: ['link-raw-tp'], wholeMachine: true, ...shown }),
  ...all('-f link', { needs: ['link-raw-tp'], wholeMachine: true, ...shown }),
  ...all('link show id 4294967295'),
  ...all('link show id'),
  ...all('link show id x'),
  ...all('link show pinned {pins}/absent'),
  ...all('link show pinned {pin:hash}'),
  ...all('link show pinned'),
  ...all('link show name x'),
  ...all('link show id {id:link-xdp} more'),
  ...all('link show bogus'),
  ...one('l s i {id:link-xdp}', shown),
];

/** The message ends with a newline of its own, which the reference leaves raw inside its JSON string (J7). */
const wrongCount = (words: string): ParityCase[] => [
  ...change(words).slice(0, 1),
  ...change(words)
    .slice(1)
    .map((parityCase) => ({
      ...parityCase,
      difference: {
        id: 'J7',
        ours: { stdout: '{"error":"link specifier is invalid or missing\\n"}\n', stderr: '', status: 1 },
      },
    })),
];

export const linkChange: ParityCase[] = [
  ...change('link detach pinned {pin:link-xdp}', ['link show pinned {pin:link-xdp}']),
  ...change('link detach id {id:link-cgroup-in}', ['link show pinned {pin:link-cgroup-in}']),
  ...change('link detach pinned {pin:link-raw-tp}'),
  ...change('link detach pinned {pin:link-tcx-in}', ['link show pinned {pin:link-tcx-in}']),
  ...change('link detach id 4294967295'),
  ...wrongCount('link detach id'),
  ...wrongCount('link detach'),
  ...change('link detach pinned {pin:hash}'),
  ...wrongCount('link detach id {id:link-xdp} more'),
  ...change('link pin pinned {pin:link-xdp} {pins}/again', ['link show pinned {pins}/again']),
  ...change('link pin id {id:link-xdp} {pins}/deep/again', ['link show pinned {pins}/deep/again']),
  ...change('link pin id {id:link-xdp} {pin:hash}', ['map show pinned {pin:hash}']),
  ...change('link pin id {id:link-xdp} {tmp}/again'),
  ...change('link pin id {id:link-xdp}'),
  ...change('link pin id 4294967295 {pins}/again'),
  ...change('link pin'),
];
