import { all, change, one, type ParityCase } from '../../support/parity/case.ts';

/** A program of each kind that attaches to a map, the full name of its hook and the old one. */
const hooks = [
  ['skskb', 'sk_skb_stream_parser', 'stream_parser'],
  ['skskb', 'sk_skb_stream_verdict', 'stream_verdict'],
  ['skskb', 'sk_skb_verdict', 'skb_verdict'],
  ['skmsg', 'sk_msg_verdict', 'msg_verdict'],
] as const;

/** The reference takes off what is attached and is refused what is not: that shows which program is on which hook. */
const takenOff = (program: string, hook: string, map: string) => [
  `prog detach pinned {pin:${program}} ${hook} pinned {pin:${map}}`,
];

export const progAttach: ParityCase[] = [
  ...hooks.flatMap(([program, hook, oldName]) => [
    ...change(`prog attach pinned {pin:${program}} ${hook} pinned {pin:sockmap}`, takenOff(program, hook, 'sockmap')),
    ...change(`prog attach pinned {pin:${program}} ${oldName} id {id:sockhash}`, takenOff(program, hook, 'sockhash')),
  ]),
  ...change('prog attach id {id:skmsg} msg name {name:sockmap}', takenOff('skmsg', 'sk_msg_verdict', 'sockmap')),
  ...change(
    'prog attach pinned {pin:skskb} stream pinned {pin:sockmap}',
    takenOff('skskb', 'stream_parser', 'sockmap'),
  ),
  ...change('prog attach pinned {pin:skmsg} msg_verdict pinned {pin:sockmap} more words', []),
  ...change('prog attach pinned {pin:flowdissector} flow_dissector', [
    'prog detach pinned {pin:flowdissector} flow_dissector',
    'prog detach pinned {pin:flowdissector} flow_dissector',
  ]),
  ...change('prog attach pinned {pin:flowdissector} flow_dissector more words', [
    'prog detach pinned {pin:flowdissector} flow_dissector',
  ]),
  ...change('p at pinned {pin:skmsg} m pinned {pin:sockmap}', []),
];

export const progDetach: ParityCase[] = [
  ...hooks.flatMap(([program, hook, oldName]) =>
    change(`prog detach pinned {pin:attached-${oldName}} ${hook} pinned {pin:sockmap}`, [
      ...takenOff(`attached-${oldName}`, hook, 'sockmap'),
      `prog show pinned {pin:attached-${oldName}}`,
      `prog show pinned {pin:${program}}`,
    ]),
  ),
  ...change('prog detach pinned {pin:attached-flow} flow_dissector', [
    'prog detach pinned {pin:attached-flow} flow_dissector',
  ]),
  // Another program than the attached one.
  ...change(
    'prog detach pinned {pin:skmsg} msg_verdict pinned {pin:sockmap}',
    takenOff('attached-msg_verdict', 'msg_verdict', 'sockmap'),
    {
      needs: ['attached-msg_verdict'],
    },
  ),
];

export const progAttachErrors: ParityCase[] = ['attach', 'detach'].flatMap((verb) => [
  ...all(`prog ${verb}`),
  ...all(`prog ${verb} pinned {pin:skmsg}`),
  ...all(`prog ${verb} pinned {pin:skmsg} msg_verdict`),
  ...all(`prog ${verb} pinned {pin:skmsg} msg_verdict pinned`),
  ...all(`prog ${verb} pinned {pin:skmsg} bogus`),
  ...all(`prog ${verb} pinned {pin:skmsg} sk_msg pinned {pin:sockmap}`),
  ...all(`prog ${verb} pinned {pin:skmsg} sk_lookup pinned {pin:sockmap}`),
  ...all(`prog ${verb} pinned {pin:skmsg} flow pinned {pin:sockmap}`),
  ...all(`prog ${verb} pinned {pin:skmsg} flow_dissector`),
  ...all(`prog ${verb} pinned {pin:skmsg} skb_verdict pinned {pin:sockmap}`),
  ...all(`prog ${verb} pinned {pin:xdp} msg_verdict pinned {pin:sockmap}`),
  ...all(`prog ${verb} pinned {pin:skmsg} msg_verdict pinned {pin:hash}`),
  ...all(`prog ${verb} pinned {pin:skmsg} msg_verdict pinned {pin:skmsg}`),
  ...all(`prog ${verb} pinned {pin:sockmap} msg_verdict pinned {pin:sockmap}`),
  ...all(`prog ${verb} pinned {pins}/absent msg_verdict pinned {pin:sockmap}`),
  ...all(`prog ${verb} pinned {pin:skmsg} msg_verdict pinned {pins}/absent`),
  ...all(`prog ${verb} pinned {pin:skmsg} msg_verdict id 4294967295`),
  ...all(`prog ${verb} id 4294967295 msg_verdict pinned {pin:sockmap}`),
  ...all(`prog ${verb} id x msg_verdict pinned {pin:sockmap}`),
  ...all(`prog ${verb} name nosuchname msg_verdict pinned {pin:sockmap}`),
  ...all(`prog ${verb} tag {tag:twin1} msg_verdict pinned {pin:sockmap}`, { needs: ['twin1', 'twin2'] }),
  ...all(`prog ${verb} pinned {pin:skmsg} msg_verdict name nosuchname`),
  ...all(`prog ${verb} pinned {pin:skmsg} msg_verdict bogus 1`),
  ...one(['prog', verb, 'pinned', '{pin:skskb}', '', 'pinned', '{pin:hash}'], {
    because: 'an empty word abbreviates the first hook',
  }),
  ...one(`prog ${verb} pinned {pin:skmsg} msg_verdict pinned {pin:sockmap}`, { uid: 65534 }),
]);
